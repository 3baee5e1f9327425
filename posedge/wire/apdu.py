"""ISO 7816-4 commands to a card: what may be sent, and how a payment card is known.

A payment card is known by what it lets itself be selected by: its directory (EMV Book B, 3.3.2, and
Book 1, 12.2) or the name of a payment scheme. The answers hold names, no card number, and no record
is read.
"""

from dataclasses import dataclass

from posedge.model.errors import MisuseError

GET_UID = bytes.fromhex("FFCA000000")
"""PC/SC part 3, 3.2.2.1.3: answered by the reader, not by the card."""

PPSE = b"2PAY.SYS.DDF01"
PSE = b"1PAY.SYS.DDF01"
STORAGE_CARD = bytes.fromhex("A000000306")
"""PC/SC's own identifier in the ATR of a memory card (part 3, 3.1.3.2.3): MIFARE and the like."""

OK = b"\x90\x00"
STATUS_BYTES = 2
HEADER_BYTES = 4

SELECT, BY_NAME = 0xA4, 0x04
READERS_OWN = 0xFF
"""The class of commands to the reader itself: of these only the UID is asked for."""

PAYMENT_RIDS = tuple(
    bytes.fromhex(rid)
    for rid in (
        "A000000003",  # Visa
        "A000000004",  # Mastercard
        "A000000025",  # American Express
        "A000000042",  # Cartes Bancaires
        "A000000065",  # JCB
        "A000000098",  # Visa USA
        "A000000121",  # Dankort
        "A000000152",  # Discover, Diners
        "A000000277",  # Interac
        "A000000333",  # UnionPay
        "A000000359",  # girocard
        "A000000384",  # eftpos Australia
        "A000000524",  # RuPay
        "A000000658",  # Mir
        "A000000141",  # Pagobancomat
    )
)
"""Registered identifiers of payment schemes (ISO 7816-5)."""

PAYMENT_INSTRUCTIONS = frozenset({0xA8, 0xAE, 0xB2, 0x20, 0x88, 0x24})
"""GET PROCESSING OPTIONS, GENERATE AC, READ RECORD, VERIFY, INTERNAL AUTHENTICATE, CHANGE PIN."""

UNIVERSAL_CLASS = 0x80
GET_DATA = 0xCA
"""Of the class 80 it reads a payment card's counters (EMV Book 3, 6.5.7)."""


@dataclass(frozen=True, slots=True)
class Answer:
    data: bytes
    status: bytes

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Answer":
        return cls(raw[:-STATUS_BYTES], raw[-STATUS_BYTES:])

    @property
    def good(self) -> bool:
        return self.status == OK


def payment_questions(atr: bytes) -> tuple[bytes, ...]:
    """Return the selections of which a payment card takes one; none for a mere memory card.

    The directories first, then each scheme by the beginning of its names.
    """
    if STORAGE_CARD in atr:
        return ()
    return tuple(_select(name) for name in (PPSE, PSE, *PAYMENT_RIDS))


def is_payment(answer: Answer) -> bool:
    """Whether an answer to one of those is of a payment card: blocked is one too."""
    return answer.status[:1] in {b"\x61", b"\x62", b"\x90"}


def _select(name: bytes) -> bytes:
    return bytes([0x00, SELECT, BY_NAME, 0x00, len(name), *name, 0x00])


def uid(answer: Answer) -> str | None:
    """Return the UID in upper-case hex; None for a card that has none (contacts)."""
    return answer.data.hex().upper() if answer.good and answer.data else None


def prefixes(text: str) -> tuple[bytes, ...]:
    """Read a list such as `00A40400F0 00B0`; ValueError for what is no hex or less than CLA INS."""
    read = tuple(bytes.fromhex(each) for each in text.split())
    if any(len(each) < len(b"\x00\xa4") for each in read):
        raise ValueError("each begins with class and instruction: four hex digits at least")
    return read


def permit(command: bytes, allowed: tuple[bytes, ...]) -> None:
    """Raise MisuseError `apdu.refused` unless `command` begins with one that is allowed.

    What a payment needs is refused whatever is allowed, and so is what is no short command: a
    card may read another length than we do.
    """
    if not _is_short(command):
        raise MisuseError("apdu.refused", "this is no short command of ISO 7816-4")
    if reason := _never(command):
        raise MisuseError("apdu.refused", reason)
    if not any(command.startswith(each) for each in allowed):
        text = "this command is not in the reader's option `allow`: nothing is, unless it is named"
        raise MisuseError("apdu.refused", text)


def _is_short(command: bytes) -> bool:
    """Whether the length that it states is its own; the expected length may stand behind."""
    if len(command) <= HEADER_BYTES + 1:
        return len(command) >= HEADER_BYTES
    stated = command[HEADER_BYTES]
    return stated > 0 and len(command) - HEADER_BYTES - 1 - stated in {0, 1}


def _never(command: bytes) -> str | None:
    """Return why the command is refused always; None when it may be allowed."""
    cla, ins, way = command[0], command[1], command[2]
    if cla == READERS_OWN:
        return "commands to the reader itself are not passed on"
    if ins in PAYMENT_INSTRUCTIONS or (cla & UNIVERSAL_CLASS and ins == GET_DATA):
        return "this instruction reads payment cards: cards are paid with at the terminal"
    if ins != SELECT or way != BY_NAME:
        return None
    name = (
        command[HEADER_BYTES + 1 :][: command[HEADER_BYTES]] if len(command) > HEADER_BYTES else b""
    )
    if not name or name.startswith((PPSE[:6], PSE[:6])) or _names_payment(name):
        return "payment applications are not selected: cards are paid with at the terminal"
    return None


def _names_payment(name: bytes) -> bool:
    """Whether a card may find a payment application by this name, which may be cut short."""
    return any(name.startswith(rid) or rid.startswith(name[: len(rid)]) for rid in PAYMENT_RIDS)
