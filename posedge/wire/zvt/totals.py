"""BMP 60: what an end of day comes to, by scheme (PA00P015 13.08 §8, 06 50 §2.16)."""

from collections.abc import Iterable
from dataclasses import dataclass

from posedge.wire.zvt.bcd import from_bcd, to_bcd

SCHEMES = ("girocard", "JCB", "Eurocard", "Amex", "Visa", "Diners", "other")
RECEIPT_BYTES, COUNT_BYTES, AMOUNT_BYTES = 2, 1, 6
_HEAD = 2 * RECEIPT_BYTES
_EACH = COUNT_BYTES + AMOUNT_BYTES


@dataclass(frozen=True, slots=True)
class Total:
    """How many payments of a scheme there were, and what they come to."""

    scheme: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The first and the last receipt number, and the schemes in their order."""

    first_receipt: str
    last_receipt: str
    schemes: tuple[Total, ...]


def read_totals(data: bytes) -> Totals | None:
    """Read BMP 60; None when it is not whole. Schemes beyond the seven are numbered."""
    body = data[_HEAD:]
    if len(data) < _HEAD or len(body) % _EACH:
        return None
    schemes: list[Total] = []
    for at in range(len(body) // _EACH):
        piece = body[at * _EACH : (at + 1) * _EACH]
        minor = from_bcd(piece[COUNT_BYTES:])
        if minor is None:
            return None
        name = SCHEMES[at] if at < len(SCHEMES) else f"scheme {at + 1}"
        schemes.append(Total(name, piece[0], minor))
    first, last = data[:RECEIPT_BYTES].hex(), data[RECEIPT_BYTES:_HEAD].hex()
    return Totals(first, last, tuple(schemes))


def write_totals(totals: Totals) -> bytes:
    """Write BMP 60; schemes that are not named come to nothing."""
    by_name = {total.scheme: total for total in totals.schemes}
    nothing = Total("", 0, 0)
    return bytes.fromhex(totals.first_receipt + totals.last_receipt) + b"".join(
        _pieces(by_name.get(scheme, nothing) for scheme in SCHEMES)
    )


def _pieces(totals: Iterable[Total]) -> Iterable[bytes]:
    return (bytes([each.count]) + to_bcd(each.amount_minor, AMOUNT_BYTES) for each in totals)
