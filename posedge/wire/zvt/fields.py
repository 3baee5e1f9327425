"""BMPs: fields of one number byte and a value whose length the number tells (§8 and §9)."""

from collections.abc import Iterable, Mapping
from enum import Enum, auto

from posedge.model.errors import MisuseError
from posedge.wire.zvt.tlv import read_length, written_length


class Shape(Enum):
    """A value that tells its own length: FxFy, FxFyFz, or a TLV container."""

    LL = auto()
    LLL = auto()
    TLV = auto()


TIMEOUT_S, MAX_STATUS, SERVICE, AMOUNT, TLV = 0x01, 0x02, 0x03, 0x04, 0x06
TRACE, TIME, DATE, EXPIRY, CARD_SEQUENCE, STATUS, PAN = 0x0B, 0x0C, 0x0D, 0x0E, 0x17, 0x19, 0x22
RESULT, TERMINAL_ID, MERCHANT, ORIGINAL_TRACE, AUTH, TEXT = 0x27, 0x29, 0x2A, 0x37, 0x3B, 0x3C
CURRENCY, TOTALS, RECEIPT, CARD_TYPE, CARD_NAME, HOST_CODE = 0x49, 0x60, 0x87, 0x8A, 0x8B, 0xA0

AMOUNT_BYTES = 6

SHAPES: Mapping[int, int | Shape] = {
    **dict.fromkeys((TIMEOUT_S, MAX_STATUS, SERVICE, 0x05, STATUS, RESULT), 1),
    **dict.fromkeys((CARD_TYPE, 0x8C, HOST_CODE, 0xD0, 0xD2, 0xD3), 1),
    **dict.fromkeys((0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD), 1),
    **dict.fromkeys((DATE, EXPIRY, CARD_SEQUENCE, 0x3A, CURRENCY, RECEIPT), 2),
    **dict.fromkeys((TRACE, TIME, ORIGINAL_TRACE, 0x3D, 0x88, 0xAA), 3),
    TERMINAL_ID: 4,
    0xBA: 5,
    AMOUNT: AMOUNT_BYTES,
    **dict.fromkeys((AUTH, 0xEB), 8),
    MERCHANT: 15,
    **dict.fromkeys((PAN, 0x23, 0x2D, CARD_NAME, 0xA7, 0xD1), Shape.LL),
    **dict.fromkeys((*range(0xE1, 0xE9), *range(0xF1, 0xF9)), Shape.LL),
    **dict.fromkeys((0x24, 0x2E, TEXT, TOTALS, 0x92, 0x9A, 0xAF), Shape.LLL),
    TLV: Shape.TLV,
}

_NIBBLES = {Shape.LL: 2, Shape.LLL: 3}


def read_fields(data: bytes) -> tuple[dict[int, bytes], int]:
    """Return the fields up to the first that cannot be skipped, and how many bytes that leaves.

    An unknown number has no length, a broken length leads nowhere, and a field that comes again
    with another value contradicts itself: what follows is not looked at.
    """
    found: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        extent = _extent(data, position)
        if extent is None:
            break
        value = data[extent[0] : extent[1]]
        if found.setdefault(data[position], value) != value:
            break
        position = extent[1]
    return found, len(data) - position


def write_fields(values: Iterable[tuple[int, bytes | None]]) -> bytes:
    """Write the fields that have a value, in the order given."""
    return b"".join(_written(number, value) for number, value in values if value is not None)


def _extent(data: bytes, position: int) -> tuple[int, int] | None:
    shape = SHAPES.get(data[position])
    if shape is None:
        return None
    if shape is Shape.TLV:
        return read_length(data, position + 1)
    if isinstance(shape, int):
        begin, size = position + 1, shape
    else:
        begin = position + 1 + _NIBBLES[shape]
        measured = length_of(data[position + 1 : begin])
        if measured is None:
            return None
        size = measured
    return (begin, begin + size) if begin + size <= len(data) else None


def is_container(data: bytes) -> bool:
    """Whether this is a TLV container and nothing else: 06 may also begin a number."""
    extent = read_length(data, 1)
    return data[:1] == bytes([TLV]) and extent is not None and extent[1] == len(data)


def length_of(prefix: bytes) -> int | None:
    """Return what FxFy or FxFyFz counts; None when a byte is not F and a decimal digit."""
    if any(byte & 0xF0 != 0xF0 or byte & 0x0F > 9 for byte in prefix):  # noqa: PLR2004 - a digit
        return None
    return int("0" + "".join(str(byte & 0x0F) for byte in prefix))


def _written(number: int, value: bytes) -> bytes:
    shape = SHAPES[number]
    if shape is Shape.TLV:
        return bytes([number]) + written_length(value) + value
    if isinstance(shape, int):
        if len(value) != shape:
            raise MisuseError("field.unfit", f"BMP {number:02X} takes {shape} bytes")
        return bytes([number]) + value
    size = f"{len(value):0{_NIBBLES[shape]}}"
    if len(size) > _NIBBLES[shape]:
        raise MisuseError("field.unfit", f"BMP {number:02X} cannot take {len(value)} bytes")
    return bytes([number, *(0xF0 | int(digit) for digit in size)]) + value
