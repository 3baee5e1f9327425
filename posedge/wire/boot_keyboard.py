"""HID boot-keyboard reports to key events (HID 1.11 appendix B.1, Usage Tables 1.12 page 0x07)."""

from collections.abc import Iterator, Mapping

from posedge.model.errors import ProtocolError
from posedge.wire.keys import KEY_UNKNOWN, Key

REPORT_BYTES = 8
ROLLOVER = 0x01
"""Usage ErrorRollOver in every slot: more keys are down than the report can tell."""

MODIFIERS = (29, 42, 56, 125, 97, 54, 100, 126)
"""Bit 0 first: Ctrl, Shift, Alt, Meta, left then right."""

LETTERS = (30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47,
           17, 45, 21, 44)  # fmt: skip
"""Usages 0x04 to 0x1D: A to Z."""

CODES: Mapping[int, int] = (
    dict(enumerate(LETTERS, 0x04))
    | dict(enumerate(range(2, 12), 0x1E))  # 1 to 0
    | dict(enumerate((28, 1, 14, 15, 57, 12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53, 58), 0x28))
    | dict(
        enumerate((69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83, 86), 0x53)
    )
    | {0x47: 70, 0x67: 117}
)


class BootKeyboard:
    """Holds the last report; each new one is told as the keys that changed."""

    def __init__(self) -> None:
        self._down: tuple[int, ...] = ()

    def keys(self, report: bytes, at_ns: int) -> Iterator[Key]:
        """Yield releases, then presses, modifiers first.

        A roll-over, in which keys were lost, is a press of KEY_UNKNOWN. ProtocolError
        `report.malformed` when it is not eight bytes.
        """
        if len(report) != REPORT_BYTES:
            text = f"a boot keyboard sent {len(report)} bytes instead of {REPORT_BYTES}"
            raise ProtocolError("report.malformed", text)
        if ROLLOVER in report[2:]:
            yield from (Key(KEY_UNKNOWN, down, at_ns) for down in (True, False))
            return
        before, self._down = self._down, _codes(report)
        yield from (Key(c, False, at_ns) for c in reversed(before) if c not in self._down)
        yield from (Key(c, True, at_ns) for c in self._down if c not in before)


def _codes(report: bytes) -> tuple[int, ...]:
    modifiers = tuple(code for bit, code in enumerate(MODIFIERS) if report[0] >> bit & 1)
    return modifiers + tuple(CODES.get(usage, KEY_UNKNOWN) for usage in report[2:] if usage)
