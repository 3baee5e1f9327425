"""A receipt for those who have no printer: as text, and as a page that prints by itself. Pure."""

from html import escape

from posedge.model.receipt import (
    Align,
    Barcode,
    Columns,
    Feed,
    Part,
    Picture,
    Qr,
    Receipt,
    Rule,
    Text,
)

WIDTH = 42
"""Characters of a line: font A on 80 mm paper, so that it looks as the printed one does."""


def as_text(receipt: Receipt) -> str:
    """Write a receipt as lines of WIDTH characters; longer text is wrapped, pictures left out."""
    head = [f"COPY OF {receipt.copy_of}"] if receipt.copy_of else []
    lines = head + [line for part in receipt.parts for line in _lines(part)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_page(receipt: Receipt) -> str:
    """Write it as HTML that needs nothing else."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Receipt</title>\n<pre>{escape(as_text(receipt))}</pre>\n</html>\n"
    )


def _lines(part: Part) -> list[str]:
    match part:
        case Text():
            return [_placed(piece, part.align) for piece in _pieces(part.text)]
        case Columns():
            return _columns(part.left, part.right)
        case Rule():
            return ["-" * WIDTH]
        case Feed():
            return [""] * part.lines
        case Barcode() | Qr():
            return [_placed(piece, Align.CENTRE) for piece in _pieces(part.text)]
        case Picture():
            return []


def _columns(left: str, right: str) -> list[str]:
    room = WIDTH - len(left) - len(right)
    if room >= 1:
        return [left + " " * room + right]
    return [*_pieces(left), *(piece.rjust(WIDTH) for piece in _pieces(right))]


def _pieces(text: str) -> list[str]:
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return [shown[at : at + WIDTH] for at in range(0, max(1, len(shown)), WIDTH)]


def _placed(text: str, align: Align) -> str:
    if align is Align.CENTRE:
        return text.center(WIDTH)
    return text.rjust(WIDTH) if align is Align.RIGHT else text
