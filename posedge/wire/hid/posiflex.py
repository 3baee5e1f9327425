"""Posiflex cash drawers over HID: two commands, and a byte that says open or closed.

Source: PyPI posiflex-hidcd 1.0.0, tried with CR-4115G2 and the CR-4000 series. The command byte
F0 turns the drawer into a bootloader that only its maker's tool brings back, and C0 to E0 do who
knows what: so there is no way here to say any other command than these two.
"""

from enum import IntEnum

VENDOR = 0x0D3A
FIRST, LAST = 0x0200, 0x0207
"""The products; the lowest three bits are the drawer's number."""

REPORT_BYTES = 120
UNNUMBERED = b"\x00"
CLOSED = 0x01


class Order(IntEnum):
    """What is added to the drawer's number to make the command byte."""

    OPEN = 0
    STATUS = 1


def drawer_number(vendor: int, product: int) -> int | None:
    """Return the number that a drawer goes by; None for any other device."""
    return product - FIRST if vendor == VENDOR and FIRST <= product <= LAST else None


def command(drawer: int, order: Order) -> bytes:
    """Return the output report, 0 for its number in front."""
    assert 0 <= drawer <= LAST - FIRST, "the number comes from drawer_number"
    return UNNUMBERED + bytes([drawer, drawer + order]).ljust(REPORT_BYTES, b"\0")


def is_open(report: bytes, drawer: int) -> bool | None:
    """Read an input report; None when it says nothing of this drawer."""
    if not report or report[0] & ~CLOSED != drawer << 4:
        return None
    return not report[0] & CLOSED
