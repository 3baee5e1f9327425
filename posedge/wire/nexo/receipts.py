"""Receipt text that is ready made: percent-encoded `name=…&value=…&key=…`, a line each."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from posedge.wire.nexo.notation import Fields, fields, flag, items, text
from posedge.wire.redact import redact_text

MAX_LINES = 400
"""The longest seen have 80."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One copy as the terminal wants it read; a card number in it is masked.

    `signature`: RequiredSignatureFlag, the cardholder is to sign.
    """

    customer: bool
    lines: tuple[str, ...]
    signature: bool = False


def slips(body: Fields) -> tuple[Slip, ...]:
    """Return the text receipts of an answer, in its order."""
    found = items(body, "PaymentReceipt")
    made = (
        Slip(
            text(each, "DocumentQualifier") == "CustomerReceipt",
            _lines(each),
            flag(each, "RequiredSignatureFlag", unless_told=False),
        )
        for each in found
    )
    return tuple(slip for slip in made if slip.lines)


def _lines(receipt: Fields) -> tuple[str, ...]:
    lines: list[str] = []
    running = False
    for piece in items(fields(receipt, "OutputContent"), "OutputText")[:MAX_LINES]:
        words = _words(text(piece, "Text"))
        if running:
            lines[-1] = f"{lines[-1]} {words}".strip()
        else:
            lines.append(words)
        running = not flag(piece, "EndOfLineFlag", unless_told=True)
    return tuple(redact_text(line) for line in lines)


def _words(encoded: str) -> str:
    """Return name and value with a blank between; a line without either is one to leave out."""
    pairs = parse_qs(encoded)
    if not pairs.keys() & {"name", "value", "key"}:
        return encoded
    return " ".join(pairs[part][0] for part in ("name", "value") if part in pairs)
