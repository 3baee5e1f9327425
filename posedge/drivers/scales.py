"""One driver for each dialect: a name, its options and how the dialect is made of them."""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import Field

from posedge.drivers.interface import Driver, Site
from posedge.drivers.options import read_options
from posedge.drivers.scale import DialectScale, ScaleOptions
from posedge.model.errors import DeviceError
from posedge.model.value import Value
from posedge.wire.scales.berkel import berkel
from posedge.wire.scales.cas import cas_22, cas_retail
from posedge.wire.scales.dialog import dialog
from posedge.wire.scales.frames import Dialect
from posedge.wire.scales.mass import Unit
from posedge.wire.scales.mt_sics import mt_sics
from posedge.wire.scales.nci import nci
from posedge.wire.scales.toledo import toledo_8213, toledo_8217

O = TypeVar("O", bound=ScaleOptions)  # noqa: E741 - the options

NO_UNIT = 'option unit: an 8213 does not say it: write "kg", "g", "lb" or "oz" as its display shows'


class ToledoOptions(ScaleOptions):
    """`unit` is what the scale is set to: an 8217 only shows by its point which one it is."""

    unit: Literal["kg", "lb"] = "kg"


class Toledo8213Options(ScaleOptions):
    """`unit` must be said: nothing that the scale sends tells it."""

    unit: Unit | None = None


class DialogOptions(ScaleOptions):
    """`unit_price` is shown by the scale; some weigh only when it is above 0."""

    unit_price: Annotated[int, Field(ge=0, le=999_999)] = 0


class CasRetailOptions(ScaleOptions):
    """`prices`: ask for the unit price and total too that the scale computed."""

    prices: bool = False


def _toledo(options: ToledoOptions) -> Dialect:
    return toledo_8217(Unit(options.unit))


def _toledo_8213(options: Toledo8213Options) -> Dialect:
    if options.unit is None:
        raise DeviceError("options.invalid", NO_UNIT, option="unit")
    return toledo_8213(options.unit)


def _speaking(known_as: str, kind: type[O], dialect: Callable[[O], Dialect]) -> type[Driver]:
    """Return the driver of the scales that speak so."""

    class Speaking(DialectScale):
        name: ClassVar[str] = known_as
        options: ClassVar[type[Value]] = kind

        def __init__(self, site: Site) -> None:
            own = read_options(kind, site.options)
            super().__init__(site, own, dialect(own))

    return Speaking


SCALES: tuple[type[Driver], ...] = (
    _speaking("toledo", ToledoOptions, _toledo),
    _speaking("toledo-8213", Toledo8213Options, _toledo_8213),
    _speaking("dialog-04", DialogOptions, lambda options: dialog("04", options.unit_price)),
    _speaking("dialog-06", DialogOptions, lambda options: dialog("06", options.unit_price)),
    _speaking("mt-sics", ScaleOptions, lambda _: mt_sics()),
    _speaking("nci", ScaleOptions, lambda _: nci()),
    _speaking("cas-22", ScaleOptions, lambda _: cas_22()),
    _speaking("cas-retail", CasRetailOptions, lambda options: cas_retail(prices=options.prices)),
    _speaking("berkel", ScaleOptions, lambda _: berkel()),
)
