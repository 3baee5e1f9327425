"""The test codes that scanners learn from, as pictures: the page shows them, paper does as well.

One path of black runs, a unit a module. QR Code for imagers, Code 128 for lasers.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Literal

from posedge.wire.lesson_text import FULL_TEXT, SHORT_TEXT
from posedge.wire.symbols import code128

Form = Literal["qr", "code128"]

QUIET_QR, QUIET_BARS = 4, 10
"""Modules of white around it (ISO/IEC 18004 §5.3.8, ISO/IEC 15417 §4.3.2)."""
BAR_HEIGHT = 40

Row = Sequence[bool]


@cache
def picture(form: Form) -> bytes:
    """Return the test code as SVG."""
    rows = _qr() if form == "qr" else _bars()
    height = 1 if form == "qr" else BAR_HEIGHT
    runs = "".join(_run(x, y * height, width, height) for x, y, width in _runs(rows))
    size = f"{len(rows[0])} {len(rows) * height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{len(rows[0])}'
        f'v{len(rows) * height}H0z"/><path d="{runs}"/></svg>'
    ).encode()


def _qr() -> Sequence[Row]:
    import qrcode  # noqa: PLC0415 - python-escpos brings it; nobody else at a box needs it

    symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET_QR)
    symbol.add_data(FULL_TEXT.encode(), optimize=0)
    matrix: list[list[bool]] = symbol.get_matrix()
    return matrix


def _bars() -> Sequence[Row]:
    """FNC1 within a Code 128 is what scanners send as GS."""
    head, _, tail = SHORT_TEXT.partition("\x1d")
    modules, _ = code128(f"{{B{head}{{1{tail}".encode())
    quiet = [False] * QUIET_BARS
    return [[*quiet, *(module == "1" for module in modules), *quiet]]


def _runs(rows: Sequence[Row]) -> Iterator[tuple[int, int, int]]:
    for y, row in enumerate(rows):
        x = 0
        for black, run in groupby(row):
            width = len(list(run))
            if black:
                yield x, y, width
            x += width


def _run(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h-{width}z"
