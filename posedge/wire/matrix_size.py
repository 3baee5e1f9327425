"""How large QR and DataMatrix symbols become: for who lays them out, and for who draws them."""

from typing import Final

QR_BYTES_M: Final = (
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213),
    *(251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
)
"""Bytes that versions 1 to 20 hold at level M (ISO/IEC 18004, table 7)."""

DATA_MATRIX: Final = {
    10: (3, 5),
    12: (5, 7),
    14: (8, 10),
    16: (12, 12),
    18: (18, 14),
    20: (22, 18),
    22: (30, 20),
    24: (36, 24),
    26: (44, 28),
    32: (62, 36),
    36: (86, 42),
    40: (114, 48),
    44: (144, 56),
    48: (174, 68),
}
"""Square symbols of one block: modules a side, and codewords of data and of error correction
(ISO/IEC 16022, table 7)."""

FNC1: Final = "\x1d"
"""How GS1 data is written here: a separator, and in front what says that it is GS1."""

_FNC1_WORD = 232
_PAIR_WORD = 130


def qr_modules(size: int) -> int | None:
    """Return modules a side of a QR code of `size` bytes at level M; None above version 20."""
    version = next((n for n, most in enumerate(QR_BYTES_M, 1) if size <= most), None)
    return None if version is None else 17 + 4 * version


def data_matrix_words(text: str) -> list[int]:
    """Return the codewords of ASCII encodation: two digits, or a character, or FNC1 each."""
    words: list[int] = []
    place = 0
    while place < len(text):
        pair = text[place : place + 2]
        if len(pair) > 1 and pair.isascii() and pair.isdigit():
            words.append(_PAIR_WORD + int(pair))
            place += 2
        else:
            words.append(_FNC1_WORD if pair[0] == FNC1 else ord(pair[0]) + 1)
            place += 1
    return words


def data_matrix_modules(words: int) -> int | None:
    """Return modules a side for so many codewords; None when one block does not hold them."""
    return next((side for side, (most, _) in DATA_MATRIX.items() if words <= most), None)
