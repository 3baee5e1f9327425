"""Which card terminal stands in the virtual shop."""

from enum import StrEnum


class TerminalKind(StrEnum):
    ZVT = "zvt"
    ZVT_SERIAL = "zvt-serial"
