"""Every driver there is, in one place that you can see.

A driver is imported with its first device: all of them are 4 MB that an idle box does without.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from posedge.drivers.interface import Driver


class Drivers(Mapping[str, type[Driver]]):
    """Drivers by name. Who only looks which names there are imports none.

    `places` says of each where it is, `module.Class` below posedge.drivers, or `module.TUPLE` of
    several.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> type[Driver]:
        module, _, place = self._places[name].partition(".")
        found: type[Driver] | tuple[type[Driver], ...]
        found = getattr(import_module(f"posedge.drivers.{module}"), place)
        if isinstance(found, tuple):
            return next(each for each in found if each.name == name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"<Drivers {', '.join(self._places)}>"


SCALES = (
    "toledo",
    "toledo-8213",
    "dialog-04",
    "dialog-06",
    "mt-sics",
    "nci",
    "cas-22",
    "cas-retail",
    "berkel",
)
"""One for each dialect of a serial scale."""

DRIVERS = Drivers(
    {
        "wedge": "wedge.WedgeScanner",
        "msr-wedge": "msr_wedge.StripeWedge",
        "serial-scanner": "serial_scanner.SerialScanner",
        **dict.fromkeys(SCALES, "scales.SCALES"),
        "hid-scale": "hid_scale.HidScale",
        "hid-msr": "hid_stripe.HidStripeReader",
        "posiflex-drawer": "posiflex_drawer.PosiflexDrawer",
        "hid-scanner": "hid_scanner.HidScanner",
        "auto-scale": "auto_scale.AutoScale",
        "pcsc-reader": "pcsc.PcscReader",
        "escpos": "escpos.EscposPrinter",
        "line-display": "line_display.LineDisplayDriver",
        "star-printer": "star.StarPrinter",
        "zpl-printer": "zpl.ZplPrinter",
        "zvt": "zvt.ZvtTerminal",
        "caisse-ap": "caisse_ap.CaisseApTerminal",
        "adyen": "adyen.AdyenTerminal",
        "ecr17": "ecr17.Ecr17Terminal",
        "vendor": "vendor.VendorTerminal",
        **dict.fromkeys(("stripe", "square", "sumup"), "clouds.CLOUDS"),
    }
)
