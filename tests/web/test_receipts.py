from posedge.model.receipt import Align, Barcode, Columns, Feed, Picture, Qr, Receipt, Rule, Text
from posedge.web.receipts import WIDTH, as_page, as_text


def test_a_receipt_as_lines() -> None:
    parts = (
        Text(text="ACME", align=Align.CENTRE),
        Text(text="right", align=Align.RIGHT),
        Text(text=""),
        Rule(),
        Columns(left="Bread", right="4.00"),
        Feed(lines=2),
        Barcode(symbology="ean13", text="4006381333931"),
        Qr(text="sale-1"),
        Picture(width=8, height=1, bits="/w=="),
    )
    assert as_text(Receipt(parts=parts, copy_of="r-1")).splitlines() == [
        "COPY OF r-1",
        " " * 19 + "ACME",
        " " * 37 + "right",
        "",
        "-" * WIDTH,
        "Bread" + " " * 33 + "4.00",
        "",
        "",
        " " * 14 + "4006381333931",
        " " * 18 + "sale-1",
    ]


def test_what_is_too_long_is_broken_and_never_cut() -> None:
    long = "x" * (WIDTH + 3)
    text = as_text(Receipt(parts=(Text(text=long), Columns(left=long, right="4.00 EUR"))))
    assert text.splitlines() == ["x" * WIDTH, "xxx", "x" * WIDTH, "xxx", "4.00 EUR".rjust(WIDTH)]


def test_nothing_in_it_becomes_markup_or_moves_a_cursor() -> None:
    page = as_page(Receipt(parts=(Text(text="<script>\x1b[2J&"),)))
    assert "&lt;script&gt; [2J&amp;" in page
    assert "<script" not in page
