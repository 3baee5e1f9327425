"""Receipts that come to the till, laid out by the terminal for 24 characters (Send ticket)."""

from posedge.model.errors import ProtocolError
from posedge.wire.redact import redact_text

CODE = ord("S")
NEW_LINE, END = "}", "\x1b"
WIDTHS = {"~": 24, "\x7f": 24, "{": 12, "|": 12, "^": 42}
"""Characters that change the letters' size, and how many then fit into a line."""

PLAIN = 24
MAX_CHARACTERS = 16_000
"""Of one receipt; each message brings 200 at most."""

MERCHANT = "ESERCENTE"
"""What stands on the copy that the shop keeps."""

SIGNATURE, NO = "FIRMA", "NON"
"""What stands where the cardholder signs, and with it where nobody has to ("FIRMA NON RICHIESTA").

No field of the protocol says so.
"""


class Ticket:
    """One receipt, put together from its messages."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, payload: bytes) -> bool:
        """Take one message; return whether it was the last. ProtocolError `ecr.endless`."""
        self._text += payload[10:].decode("ascii", "replace")
        if len(self._text) > MAX_CHARACTERS:
            raise ProtocolError("ecr.endless", "a receipt without an end")
        return END in self._text

    @property
    def merchant(self) -> bool:
        return MERCHANT in self._text.upper()

    @property
    def signature(self) -> bool:
        """Whether it is the shop's copy, and has a line to sign on."""
        lines = (line.upper() for line in self.lines)
        return self.merchant and any(SIGNATURE in line and NO not in line for line in lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines without the empty ones at the end.

        Card numbers are masked before a line ends in the middle of one.
        """
        lines: list[str] = []
        line, width = "", PLAIN
        for character in redact_text(self._text.partition(END)[0]):
            if character in WIDTHS:
                width = WIDTHS[character]
                continue
            line += character if character != NEW_LINE else ""
            if character == NEW_LINE or len(line) == width:
                lines.append(line.rstrip())
                line, width = "", PLAIN
        text = [*lines, line.rstrip()]
        while text and not text[-1]:
            text.pop()
        return tuple(text)


def is_ticket(payload: bytes) -> bool:
    return payload[9:10] == bytes([CODE])


def tickets(terminal_id: str, lines: tuple[str, ...]) -> list[bytes]:
    """Return the messages of one receipt as a terminal sends them."""
    text = "".join(line if len(line) == PLAIN else line + NEW_LINE for line in lines)
    text += 6 * NEW_LINE + END
    head = f"{terminal_id}0S"
    return [(head + text[at : at + 200]).encode() for at in range(0, len(text), 200)]
