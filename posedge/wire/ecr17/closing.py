"""How the closing of a session ended (Close session): the terminal's total, and its host's.

Amounts are cents without a sign. The portal says nothing of schemes and counts, and not what they
add up: payments less reversals, by all that terminals print [K].
"""

from dataclasses import dataclass
from typing import Self

from posedge.model.errors import ProtocolError
from posedge.wire.ecr17.requests import Code
from posedge.wire.ecr17.results import OK
from posedge.wire.redact import redact_text

HEAD = 12
TOTAL = 16
REASON = 19
ACTION = 3
REFUSALS = frozenset({"01", "09"})
SPARE = 10
"""Reserved places behind a refusal."""


@dataclass(frozen=True, slots=True)
class Closing:
    """`terminal_minor` and `host_minor` where it went well, else `text` and `action` say why not.

    `host_minor` is None where the host tells none.
    """

    terminal_id: str
    result: str
    terminal_minor: int = 0
    host_minor: int | None = None
    text: str = ""
    action: str = ""

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read one; ProtocolError `ecr.unreadable` without outcome, or without a total."""
        text = payload.decode("ascii", "replace")
        terminal_id, code, result = text[:8], text[9:10], text[10:HEAD]
        rest = text[HEAD:]
        if code != Code.CLOSE_SESSION or result not in {OK, *REFUSALS}:
            raise ProtocolError("ecr.unreadable", "this is no end of a session")
        if result != OK:
            reason, action = rest[:REASON].strip(), rest[REASON : REASON + ACTION].strip()
            return cls(terminal_id, result, text=redact_text(reason), action=action)
        total = _minor(rest[:TOTAL])
        if total is None:
            raise ProtocolError("ecr.unreadable", "the end of the session has no total")
        return cls(terminal_id, result, total, _minor(rest[TOTAL : 2 * TOTAL]))

    def to_bytes(self) -> bytes:
        """Return the message as a terminal sends it."""
        head = f"{self.terminal_id}0{Code.CLOSE_SESSION}{self.result}"
        if self.result != OK:
            reason = f"{self.text:{REASON}.{REASON}}{self.action:0>{ACTION}}"
            return f"{head}{reason}{'0' * SPARE}".encode("ascii")
        host = " " * TOTAL if self.host_minor is None else f"{self.host_minor:0{TOTAL}}"
        return f"{head}{self.terminal_minor:0{TOTAL}}{host}".encode("ascii")


def _minor(digits: str) -> int | None:
    whole = len(digits) == TOTAL and digits.isascii() and digits.isdecimal()
    return int(digits) if whole else None
