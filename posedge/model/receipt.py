"""A receipt as a document: what is to be read, not how a printer is told."""

import base64
import binascii
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from posedge.model.value import Value

MAX_TEXT = 4096

MAX_PARTS = 12_000
"""16 slips of 400 lines, and what a sale that fits into an entry of the journal can hold."""

MAX_DOTS, MAX_LINES = 576, 400
"""Of a picture: as wide as 80 mm paper prints at 203 dpi, and 5 cm high."""

Printable = Annotated[str, Field(max_length=MAX_TEXT)]


class Align(StrEnum):
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Text(Value):
    """Running text; the printer breaks it at its width. Control characters never get out."""

    part: Literal["text"] = "text"
    text: Printable
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False


class Columns(Value):
    """`left` and `right` on one line, the left one shortened when both do not fit."""

    part: Literal["columns"] = "columns"
    left: Printable
    right: Printable
    bold: bool = False


class Rule(Value):
    part: Literal["rule"] = "rule"


class Feed(Value):
    part: Literal["feed"] = "feed"
    lines: Annotated[int, Field(ge=1, le=20)] = 1


class Barcode(Value):
    """EAN-13 or Code 128, with its text below."""

    part: Literal["barcode"] = "barcode"
    symbology: Literal["ean13", "code128"]
    text: Annotated[str, Field(min_length=1, max_length=48, pattern=r"^[\x20-\x7e]+$")]


class Qr(Value):
    part: Literal["qr"] = "qr"
    text: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[\x20-\x7e]+$")]


class Picture(Value):
    """Black dots, 203 to the inch, in the middle: rows of `width` bits, 1 black, as base64."""

    part: Literal["picture"] = "picture"
    width: Annotated[int, Field(ge=8, le=MAX_DOTS, multiple_of=8)]
    height: Annotated[int, Field(ge=1, le=MAX_LINES)]
    bits: Annotated[str, Field(max_length=MAX_DOTS // 8 * MAX_LINES * 4 // 3 + 4)]

    @property
    def dots(self) -> bytes:
        return base64.b64decode(self.bits)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        try:
            size = len(base64.b64decode(self.bits, validate=True))
        except binascii.Error:
            raise ValueError("bits is no base64") from None
        if size != self.width // 8 * self.height:
            raise ValueError("bits are width / 8 times height bytes")
        return self


Part = Annotated[Text | Columns | Rule | Feed | Barcode | Qr | Picture, Field(discriminator="part")]


class Receipt(Value):
    """The parts from top to bottom, cut at the end. `copy` is printed as a word on top."""

    parts: Annotated[tuple[Part, ...], Field(max_length=MAX_PARTS)]
    copy_of: str | None = None
