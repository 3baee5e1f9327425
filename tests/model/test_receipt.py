import pytest
from pydantic import ValidationError

from posedge.model.receipt import (
    MAX_PARTS,
    Align,
    Barcode,
    Columns,
    Feed,
    Picture,
    Qr,
    Receipt,
    Rule,
    Text,
)


def test_a_receipt_survives_json_with_every_part() -> None:
    receipt = Receipt(
        parts=(
            Text(text="ACME", align=Align.CENTRE, bold=True, double=True),
            Columns(left="Bread", right="2.50"),
            Rule(),
            Feed(lines=2),
            Barcode(symbology="ean13", text="4006381333931"),
            Qr(text="0199c2d4"),
            Picture(width=16, height=2, bits="AAH//w=="),
        ),
        copy_of="receipt 7",
    )
    assert Receipt.model_validate_json(receipt.model_dump_json()) == receipt


@pytest.mark.parametrize(
    "part",
    [
        {"part": "feed", "lines": 21},
        {"part": "qr", "text": ""},
        {"part": "qr", "text": "\x1bp"},
        {"part": "barcode", "symbology": "code128", "text": "x" * 49},
        {"part": "text", "text": "x" * 4097},
        {"part": "picture"},
        {"part": "picture", "width": 16, "height": 2, "bits": "AAH/"},
        {"part": "picture", "width": 16, "height": 2, "bits": "AAH//w=!"},
        {"part": "picture", "width": 12, "height": 1, "bits": "AAA="},
        {"part": "picture", "width": 584, "height": 1, "bits": "AAA="},
        {"part": "image"},
    ],
)
def test_parts_have_limits(part: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Receipt.model_validate({"parts": [part]})


def test_a_receipt_has_an_end() -> None:
    with pytest.raises(ValidationError):
        Receipt(parts=(Rule(),) * (MAX_PARTS + 1))
