"""HID boot-keyboard reports (HID 1.11 appendix B.1, Usage Tables 1.12 page 0x07)."""

from collections.abc import Mapping

REPORT_BYTES = 8

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
