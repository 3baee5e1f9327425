"""Numbers as ZVT writes them: two decimal digits to the byte."""

from posedge.model.errors import MisuseError


def to_bcd(value: int | str, size: int) -> bytes:
    """Pack a number into `size` bytes, zeros in front; MisuseError when it does not fit."""
    digits = f"{value:>0{2 * size}}"
    if len(digits) != 2 * size or not digits.isdecimal() or not digits.isascii():
        raise MisuseError("number.unfit", f"does not fit into {2 * size} decimal digits")
    return bytes.fromhex(digits)


def from_bcd(data: bytes) -> int | None:
    """Return the number; None when there is none, or a nibble is not a decimal digit."""
    digits = data.hex()
    return int(digits) if digits.isdecimal() else None
