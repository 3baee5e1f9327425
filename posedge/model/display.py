"""What a customer is shown at the till: the basket, what to pay and how, thanks."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from posedge.model.money import Money
from posedge.model.transaction import MAX_LINES
from posedge.model.value import Value

Words = Annotated[str, Field(max_length=200)]


class Row(Value):
    """A row of a text display: `right` stands at its right end, and wins when both do not fit."""

    left: Words = ""
    right: Words = ""


class Item(Value):
    """A line of the basket as the customer reads it; `detail` such as `0.412 kg x 24.90`."""

    title: Words
    detail: Words = ""
    amount: Money


class Stage(StrEnum):
    IDLE = "idle"
    BASKET = "basket"
    PAYING = "paying"
    THANKS = "thanks"
    TEXT = "text"


class Showing(Value):
    """What one display shows. A text display shows the last item and the total of a basket.

    `prompt` is what the customer is asked to do or told; `change` is what they get back.
    """

    stage: Stage = Stage.IDLE
    items: Annotated[tuple[Item, ...], Field(max_length=MAX_LINES)] = ()
    total: Money | None = None
    change: Money | None = None
    prompt: Words = ""
    text: Annotated[tuple[Words, ...], Field(max_length=8)] = ()


class Shown(Value):
    """What came of it: the rows on the glass, and the characters that the display lacks.

    `rows` is None for a page, which shows everything, and for a text display that is away: it
    shows it when it is back.
    """

    display: str
    state: Literal["shown", "waiting"]
    rows: tuple[str, ...] | None = None
    lost: str = ""
    reason: str | None = None
