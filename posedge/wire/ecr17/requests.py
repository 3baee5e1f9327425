"""What the till asks. Each field stands at its place, numbers right-aligned behind zeros."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from posedge.model.errors import MisuseError, ProtocolError

ANY_TERMINAL = "00000000"
NO_STAN = "000000"
"""A reversal that names it undoes the last payment, whichever that was: never sent from here."""


class Code(StrEnum):
    STATUS = "s"
    PRINT_HERE = "E"  # receipts come to the till, for the next procedure only
    PAYMENT = "P"
    EXTENDED_PAYMENT = "X"  # its result names the amount
    PRE_AUTHORISATION = "p"
    CLOSURE = "c"  # books a pre-authorisation
    REVERSAL = "S"
    LAST_RESULT = "G"
    CLOSE_SESSION = "C"


MONEY = frozenset(
    {Code.PAYMENT, Code.EXTENDED_PAYMENT, Code.PRE_AUTHORISATION, Code.CLOSURE, Code.REVERSAL}
)
ONCE = MONEY | {Code.CLOSE_SESSION}
"""Said again only when it was refused: done twice is not what was asked."""

Part = tuple[str, int]
"""A field's name and width. Without a name it is reserved: `0` in each place."""

_PAYMENT: tuple[Part, ...] = (
    ("register", 8), ("", 1), ("", 2), ("", 1), ("", 1), ("amount", 8), ("text", 128), ("", 8),
)  # fmt: skip
LAYOUTS: Mapping[Code, tuple[Part, ...]] = {
    Code.STATUS: (),
    Code.PRINT_HERE: (("flag", 1),),
    Code.PAYMENT: _PAYMENT,
    Code.EXTENDED_PAYMENT: _PAYMENT,
    Code.PRE_AUTHORISATION: _PAYMENT,
    Code.CLOSURE: (
        ("register", 8), ("", 1), ("", 4), ("amount", 8), ("text", 128), ("reservation", 9),
        ("", 8),
    ),
    Code.REVERSAL: (("register", 8), ("stan", 6), ("", 1), ("", 1)),
    Code.LAST_RESULT: (("register", 8), ("", 1), ("", 3)),
    Code.CLOSE_SESSION: (("register", 8), ("", 1), ("", 7)),
}  # fmt: skip
HEAD = 10


@dataclass(frozen=True, slots=True)
class Request:
    """A request; what its code has no field for stays as it is.

    `here`: receipts come to the till (E 1), or not any more (E 0).
    """

    code: Code
    terminal_id: str = ANY_TERMINAL
    register: str = "00000000"
    amount_minor: int = 0
    stan: str = NO_STAN
    reservation: str = ""
    here: bool = True

    def to_bytes(self) -> bytes:
        """Return the message; MisuseError `ecr.oversized` when a field does not fit."""
        fields = {
            "register": self.register,
            "flag": "1" if self.here else "0",
            "amount": str(self.amount_minor),
            "stan": self.stan,
            "reservation": self.reservation,
        }
        text = self.terminal_id.zfill(HEAD - 2) + "0" + self.code
        for name, width in LAYOUTS[self.code]:
            value = " " * width if name == "text" else fields.get(name, "").zfill(width)
            if len(value) > width:
                raise MisuseError("ecr.oversized", f"{name} does not fit into {width} digits")
            text += value
        return text.encode("ascii")

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a request, strictly; ProtocolError `ecr.unreadable`."""
        text = payload.decode("ascii", "replace")
        code, head = text[HEAD - 1 : HEAD], text[: HEAD - 1]
        if code not in set(Code) or not head.isdecimal():
            raise ProtocolError("ecr.unreadable", "no request of this protocol")
        layout = LAYOUTS[Code(code)]
        if len(text) != HEAD + sum(width for _, width in layout):
            raise ProtocolError("ecr.unreadable", f"request {code} has {len(text)} characters")
        fields: dict[str, str] = {}
        at = HEAD
        for name, width in layout:
            fields[name] = text[at : at + width]
            at += width
            if name != "text" and not fields[name].isdecimal():
                raise ProtocolError("ecr.unreadable", f"request {code} has no number at {at}")
        return cls(
            Code(code),
            text[:8],
            fields.get("register", "00000000"),
            int(fields.get("amount", "0")),
            fields.get("stan", NO_STAN),
            fields.get("reservation", ""),
            fields.get("flag", "1") != "0",
        )
