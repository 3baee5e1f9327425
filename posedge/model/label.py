"""A label as a document, what stands on a shelf or on goods; and who can print it."""

from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field

from posedge.model.capabilities import PrintEvidence
from posedge.model.money import Money
from posedge.model.value import Value

MAX_LABEL_PARTS = 20
"""More lines than the largest label of a shop has room for."""

MAX_QUANTITY = 200
"""A minute's work of a label printer: others wait behind it."""

Words = Annotated[str, Field(min_length=1, max_length=200)]


class LabelText(Value):
    """Broken into lines between words. Control characters never get out."""

    part: Literal["text"] = "text"
    text: Words
    size: Literal["small", "normal", "large"] = "normal"


class LabelPrice(Value):
    """The price, as large as nothing else; `per` in small letters behind it: "per kg"."""

    part: Literal["price"] = "price"
    price: Money
    per: Annotated[str, Field(max_length=30)] = ""


class LabelBarcode(Value):
    """EAN-13 and Code 128 with their text below; QR; GS1 DataMatrix.

    GS1 elements are written as people read them: `(01)04006381333931(17)261231(10)AB-1`.
    """

    part: Literal["barcode"] = "barcode"
    symbology: Literal["ean13", "code128", "qr", "gs1-datamatrix"]
    text: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")]


LabelPart = Annotated[LabelText | LabelPrice | LabelBarcode, Field(discriminator="part")]


class Label(Value):
    parts: Annotated[tuple[LabelPart, ...], Field(min_length=1, max_length=MAX_LABEL_PARTS)]


class Labels(Value):
    """A batch: `quantity` times the same label."""

    label: Label
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1


@runtime_checkable
class LabelPrinter(Protocol):
    async def print_labels(self, labels: Labels, job: str) -> PrintEvidence:
        """Return what said that all of them are out; errors as of Printer.print.

        MisuseError also when the label that is in the printer is too small for this one.
        """
        ...

    @property
    def ready(self) -> bool:
        """Whether a job given now would be printed."""
        ...
