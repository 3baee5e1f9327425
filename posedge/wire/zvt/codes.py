"""Codes as the specification numbers them: commands, results (§7), states, registration bits."""

from enum import IntEnum, IntFlag


class Result(IntEnum):
    """BMP 27, the code of an abort and of a negative answer. 01 to 63 come from the host."""

    OK = 0x00
    CARD_UNREADABLE = 0x64
    CARD_DATA_MISSING = 0x65
    PROCESSING = 0x66
    ABORTED = 0x6C
    WRONG_CURRENCY = 0x6F
    CREDIT_NOT_SUFFICIENT = 0x71
    END_OF_DAY_IMPOSSIBLE = 0x77
    CARD_EXPIRED = 0x78
    COMMUNICATION = 0x7D
    NOT_POSSIBLE = 0x83
    PROTOCOL = 0x9A
    NO_HOST = 0x9B
    WAIT = 0x9C
    LESS_DELIVERED = 0x9D
    ALREADY_REVERSED = 0xB4
    REVERSAL_IMPOSSIBLE = 0xB5
    AMOUNT = 0xB7
    NO_OPEN_PRE_AUTHORISATION = 0xB8
    MAXIMUM = 0xC3
    MINIMUM = 0xC8
    PRINTER = 0xCC
    MAINTENANCE = 0xE0
    END_OF_DAY_NEEDED = 0xF0
    SYSTEM = 0xFF


class TerminalState(IntEnum):
    """What 05 01 answers."""

    READY = 0x00
    INITIALISATION_NEEDED = 0x51
    CLOCK_WRONG = 0x62
    BUSY = 0x9C
    DIAGNOSIS_NEEDED = 0xC2
    PRINTER_NOT_READY = 0xCC
    CARD_INSERTED = 0xDC
    OUT_OF_ORDER = 0xDF
    MAINTENANCE = 0xE0
    END_OF_DAY_NEEDED = 0xF0


class Config(IntFlag):
    """The register's wishes at registration (06 00)."""

    PRINTS_PAYMENT_RECEIPTS = 0x02
    PRINTS_ADMIN_RECEIPTS = 0x04
    WANTS_STATUS = 0x08
    AMOUNT_FROM_REGISTER = 0x10
    ADMIN_FROM_REGISTER = 0x20
    PRINTS_BY_COMMAND = 0x80


class Service(IntFlag):
    """BMP 03 of repeat receipt (06 20)."""

    SEND_STATUS_INFORMATION = 0x01
    DO_NOT_PRINT = 0x02


class ReceiptKind(IntEnum):
    """Tag 1F07."""

    MERCHANT = 0x01
    CUSTOMER = 0x02
    ADMINISTRATION = 0x03


SIGNATURE = 0x01
CVMS = {
    0x00: "",
    SIGNATURE: "signature",
    0x02: "PIN, online",
    0x03: "PIN, offline",
    0x04: "PIN, offline",
}
"""TLV 1F10: how the cardholder was verified; FF is unknown."""

ENTRY = {0x00: "magnetic", 0x01: "chip", 0x02: "contactless"}
"""Tag 1F12: how the card was read."""


def words(code: int, of: type[IntEnum] = Result) -> str:
    """Say a code, e.g. `aborted (6C)`; one that we have no name for as `code 2A`."""
    try:
        return f"{of(code).name.lower().replace('_', ' ')} ({code:02X})"
    except ValueError:
        return f"code {code:02X}"
