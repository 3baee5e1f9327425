"""DataMatrix ECC 200 as the standard draws it (ISO/IEC 16022): square symbols of one block.

Words become a Reed-Solomon code over GF(256), are placed on a slanting path (annex F), and get
their finder: a solid L at the left and below, and a clock track opposite, around each region.
"""

from typing import Final

from posedge.wire.matrix_size import DATA_MATRIX, data_matrix_modules
from posedge.wire.symbols import refused

Cell = tuple[int, int]

_POLYNOMIAL = 0x12D
_PAD, _PAD_PERIOD = 129, 149
_SMALLEST_OF_FOUR = 32
"""From here on a symbol has two regions a side."""

_UTAH: Final = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
"""A word's eight modules, the highest bit first, around its last one."""


def matrix(words: list[int]) -> list[list[bool]]:
    """Return the symbol's rows, True black, without the white around it."""
    side = data_matrix_modules(len(words))
    if side is None:
        raise refused(f"{len(words)} words are more than one block holds")
    data, correction = DATA_MATRIX[side]
    padded = _padded(words, data)
    regions = 2 if side >= _SMALLEST_OF_FOUR else 1
    inner = side - 2 * regions
    bits = _placed([*padded, *_correction(padded, correction)], inner)
    return _framed(bits, side, regions)


def _padded(words: list[int], size: int) -> list[int]:
    padded = list(words)
    while len(padded) < size:
        place = len(padded) + 1
        scrambled = _PAD + (_PAD_PERIOD * place) % 253 + 1
        padded.append(_PAD if len(padded) == len(words) else scrambled - 254 * (scrambled > 254))  # noqa: PLR2004 - annex H
    return padded


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = a << 1 ^ _POLYNOMIAL * (a >> 7), b >> 1
    return product


def _correction(data: list[int], count: int) -> list[int]:
    """Return the remainder of the data by the generator with roots 2**1 to 2**count."""
    generator, root = [1], 1
    for _ in range(count):
        root = _times(root, 2)
        shifted, scaled = [*generator, 0], [0, *(_times(each, root) for each in generator)]
        generator = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
    remainder = [0] * count
    for word in data:
        factor = word ^ remainder[0]
        remainder = [*remainder[1:], 0]
        remainder = [
            each ^ _times(term, factor) for each, term in zip(remainder, generator[1:], strict=True)
        ]
    return remainder


def _placed(words: list[int], side: int) -> dict[Cell, bool]:
    """Walk up and down the diagonals, eight modules for each word."""
    cells: dict[Cell, bool] = {}
    rest = iter(words)

    def put(places: list[Cell]) -> None:
        word = next(rest)
        for bit, place in enumerate(places):
            cells[_wrapped(place, side)] = bool(word >> (7 - bit) & 1)

    row, column = 4, 0
    while row < side or column < side:
        _corner(row, column, side, put)
        while row >= 0 and column < side:
            if row < side and column >= 0 and (row, column) not in cells:
                put([(row + down, column + right) for down, right in _UTAH])
            row, column = row - 2, column + 2
        row, column = row + 1, column + 3
        while row < side and column >= 0:
            if row >= 0 and column < side and (row, column) not in cells:
                put([(row + down, column + right) for down, right in _UTAH])
            row, column = row + 2, column - 2
        row, column = row + 3, column + 1
    if (side - 1, side - 1) not in cells:  # what no word reaches
        cells |= {(side - 1, side - 1): True, (side - 2, side - 2): True}
        cells |= {(side - 1, side - 2): False, (side - 2, side - 1): False}
    return cells


def _corner(row: int, column: int, side: int, put: object) -> None:
    """Place a word in a corner, where the path would leave the symbol."""
    assert callable(put)
    last = side - 1
    if (row, column) == (side, 0):
        put([(last, 0), (last, 1), (last, 2), (0, last - 1), (0, last), *_down(last, 1, 4)])
    elif (row, column) == (side - 2, 0) and side % 4:
        first = [(side - 3, 0), (side - 2, 0), (last, 0)]
        put([*first, (0, side - 4), (0, side - 3), (0, last - 1), (0, last), (1, last)])
    elif (row, column) == (side - 2, 0) and side % 8 == 4:  # noqa: PLR2004 - annex F
        first = [(side - 3, 0), (side - 2, 0), (last, 0)]
        put([*first, (0, last - 1), (0, last), *_down(last, 1, 4)])
    elif (row, column) == (side + 4, 2) and side % 8 == 0:
        first = [(last, 0), (last, last), (0, side - 3), (0, last - 1), (0, last)]
        put([*first, (1, side - 3), (1, last - 1), (1, last)])


def _down(column: int, start: int, end: int) -> list[Cell]:
    return [(row, column) for row in range(start, end)]


def _wrapped(place: Cell, side: int) -> Cell:
    row, column = place
    if row < 0:
        row, column = row + side, column + 4 - (side + 4) % 8
    if column < 0:
        row, column = row + 4 - (side + 4) % 8, column + side
    return row, column


def _framed(cells: dict[Cell, bool], side: int, regions: int) -> list[list[bool]]:
    size = side // regions
    inner = size - 2

    def module(row: int, column: int) -> bool:
        down, right = row % size, column % size
        if right == 0 or down == size - 1:
            return True
        if down == 0:
            return right % 2 == 0
        if right == size - 1:
            return down % 2 == 1
        return cells[row // size * inner + down - 1, column // size * inner + right - 1]

    return [[module(row, column) for column in range(side)] for row in range(side)]
