"""What the terminal answers: its state, and how a payment ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from posedge.model.errors import ProtocolError
from posedge.wire.pan import masked
from posedge.wire.redact import redact_text

OK = "00"
RESULTS = {
    OK: "approved",
    "01": "not approved",
    "05": "no card in it",
    "09": "a tag that it does not know",
}
ENTRY = {
    "ICC": "chip",
    "MAG": "stripe",
    "MAN": "manual",
    "CLM": "contactless stripe",
    "CLI": "contactless",
}
CARDS = {"1": "PagoBANCOMAT", "2": "credit card", "3": "other card"}

Places = Mapping[str, tuple[int, int]]
"""Where a field begins, counted from 1 as the portal does, and how long it is."""

HEAD: Places = {"terminal_id": (1, 8), "code": (10, 1), "result": (11, 2)}
REFUSED: Places = {"text": (13, 24)}
_PAID: Places = {"pan": (13, 19), "entry": (32, 3), "auth_code": (35, 6), "time": (41, 7)}
_COMMON: Places = {
    "card_type": (48, 1),
    "acquirer": (49, 11),
    "stan": (60, 6),
    "online": (66, 6),
    "action": (72, 3),
}
_AMOUNT: Places = {"amount": (75, 8)}
_RESERVED: Places = {
    "pan": (13, 19),
    "entry": (32, 3),
    "auth_code": (35, 6),
    "amount": (41, 8),
    "reservation": (49, 9),
    "action": (58, 3),
    "time": (61, 7),
}
_RESERVED_COMMON: Places = {"acquirer": (72, 11), "stan": (83, 6), "online": (89, 6)}

LAYOUTS: Mapping[str, tuple[Places, Places]] = {
    "E": (_PAID, {**_COMMON, **_AMOUNT}),  # payment, payment with extended result, reversal
    "V": (_PAID, {**_COMMON, **_AMOUNT}),  # with currency exchange
    "e": (_RESERVED, _RESERVED_COMMON),
    "c": (_PAID, _COMMON),
    "v": (_PAID, _COMMON),
}
"""What is there when it went well, and what is there always."""

STATES = {
    "0": "not configured",
    "1": "to be initialised",
    "2": "ready",
    "3": "not aligned",
    "4": "key corrupted",
    "5": "initialisation requested",
    "6": "software update waiting",
}
"""Terminal status, position 31; makers may differ (Terminal status request)."""


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """How a payment, reservation or reversal ended.

    `amount_minor` None where it is not named: a plain payment, a reversal. `time` is the host's,
    DDDHHMM with the day of the year from 1. `stan` counts on with each transaction. Of the card
    number no more than four digits are kept.
    """

    code: str
    terminal_id: str
    result: str
    stan: str
    amount_minor: int | None = None
    time: str = ""
    auth_code: str = ""
    pan_last4: str = ""
    pan_unmasked: bool = False
    entry: str = ""
    card_type: str = ""
    acquirer: str = ""
    action: str = ""
    reservation: str = ""
    text: str = ""

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read one; ProtocolError `ecr.unreadable` without outcome or transaction number."""
        text = payload.decode("ascii", "replace")
        head = _cut(text, HEAD)
        layout = LAYOUTS.get(head["code"])
        if layout is None or head["result"] not in RESULTS:
            raise ProtocolError("ecr.unreadable", "this is no result of a payment")
        paid, common = layout
        fields = {**_cut(text, paid if head["result"] == OK else REFUSED), **_cut(text, common)}
        if not (fields["stan"].isdecimal() and len(fields["stan"]) == common["stan"][1]):
            raise ProtocolError("ecr.unreadable", "the result has no transaction number (STAN)")
        pan = fields.get("pan", "").lstrip("0")
        last4, unmasked = masked(pan.rjust(5, "*"))
        return cls(
            head["code"],
            head["terminal_id"],
            head["result"],
            fields["stan"],
            _amount(fields.get("amount", "")),
            fields.get("time", ""),
            fields.get("auth_code", ""),
            last4,
            unmasked,
            fields.get("entry", ""),
            fields.get("card_type", ""),
            fields["acquirer"].strip(),
            fields.get("action", "").strip(),
            fields.get("reservation", ""),
            redact_text(fields.get("text", "").strip()),
        )

    def to_bytes(self, pan: str = "") -> bytes:
        """Return the message as a terminal sends it, of the length that its code has."""
        paid, common = LAYOUTS[self.code]
        places = {**HEAD, **(paid if self.result == OK else REFUSED), **common}
        size = max(at + width - 1 for at, width in places.values()) + 10
        line = ["0"] * size
        values = {
            **{name: getattr(self, name) for name in _TEXTS},
            "pan": (pan or f"************{self.pan_last4}").rjust(19, "0"),
            "amount": str(self.amount_minor or 0).zfill(8),
        }
        for name, (at, width) in places.items():
            if name in values:
                line[at - 1 : at - 1 + width] = f"{values[name]:{width}.{width}}"
        return "".join(line).encode("ascii")


_TEXTS = (
    "terminal_id", "code", "result", "stan", "time", "auth_code", "entry", "card_type", "acquirer",
    "action", "reservation", "text",
)  # fmt: skip


def state_of(payload: bytes) -> str:
    """Read the answer to a status request: the state's digit; ProtocolError `ecr.unreadable`."""
    text = payload.decode("ascii", "replace")
    state = text[30:31]
    if text[9:10] != "s" or not state:
        raise ProtocolError("ecr.unreadable", "this is no state of a terminal")
    return state


def _cut(text: str, places: Places) -> dict[str, str]:
    return {name: text[at - 1 : at - 1 + width] for name, (at, width) in places.items()}


def _amount(text: str) -> int | None:
    """Read eight digits; zeros are a reserved field, and a shorter one is none."""
    whole = len(text) == _AMOUNT["amount"][1] and text.isdecimal()
    return (int(text) or None) if whole else None
