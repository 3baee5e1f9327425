from pathlib import Path
from typing import Annotated

from pydantic import Field

from posedge.model.value import Value

Words = Annotated[str, Field(max_length=200)]


class CheckoutSettings(Value):
    """What receipts look like, where they come out, and how patient a sale is.

    `printer` None is the only one. `logo` is a PNG; see posedge/checkout/logo.py for its limits. A
    sale that was interrupted longer than `charge_again_s` ago asks no card any more: the customer
    has gone.

    For cash `drawer_device` is opened. None: that of the printer which the sale names, else the
    only drawer that is a device of its own, else that of `printer`.
    """

    printer: str | None = None
    drawer_device: str | None = None
    drawer: Annotated[int, Field(ge=0, le=1)] = 0
    logo: Path | None = None
    header: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    footer: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    receipt_wait_s: Annotated[int, Field(ge=0, le=60)] = 5
    charge_again_s: Annotated[int, Field(ge=0, le=600)] = 60


class Identity(Value):
    """Whose box this is; stands in every transaction."""

    tenant: str
    store: str


class DisplaySettings(Value):
    """What customers read, and for how long.

    `name` None: the display that a sale names, else the one named like its till, else the only
    one. `card` is shown until the terminal says what to do; `thanks_s` later it is the next one's.
    """

    name: str | None = None
    welcome: Annotated[tuple[Words, ...], Field(max_length=4)] = ("Welcome",)
    total: Words = "Total"
    change: Words = "Change"
    card: Words = "Please follow the card terminal"
    thanks: Words = "Thank you"
    thanks_s: Annotated[int, Field(ge=1, le=600)] = 15
