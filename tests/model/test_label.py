import pytest
from pydantic import ValidationError

from posedge.model.label import Label, LabelBarcode, LabelPrice, LabelText


def test_parts_are_told_apart_by_their_name() -> None:
    label = Label.model_validate(
        {
            "parts": [
                {"part": "text", "text": "Apples"},
                {"part": "price", "price": {"minor": 199, "currency": "EUR"}, "per": "per kg"},
                {"part": "barcode", "symbology": "qr", "text": "https://example.com"},
            ]
        }
    )
    text, price, barcode = label.parts
    assert isinstance(text, LabelText)
    assert isinstance(price, LabelPrice)
    assert isinstance(barcode, LabelBarcode)


@pytest.mark.parametrize(
    "part",
    [
        {"part": "text", "text": ""},
        {"part": "text", "text": "x" * 201},
        {"part": "barcode", "symbology": "qr", "text": "a\x1bb"},
        {"part": "barcode", "symbology": "pdf417", "text": "a"},
        {"part": "zpl", "text": "^XA"},
    ],
)
def test_what_is_no_label_is_refused(part: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Label.model_validate({"parts": [part]})
    with pytest.raises(ValidationError):
        Label.model_validate({"parts": []})
