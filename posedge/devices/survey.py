"""What would be driven, and what would not and why, without opening anything."""

from dataclasses import dataclass

from posedge.devices.case import Case
from posedge.devices.catalog import load
from posedge.devices.inventory import Inventory, Node, Plugged
from posedge.devices.match import Match, match, spoken
from posedge.devices.settings import DevicesSettings, StaticDevice
from posedge.devices.udev import Udev
from posedge.model.explanation import Undriven
from posedge.tasks import Run


@dataclass(frozen=True, slots=True)
class Survey:
    static: tuple[StaticDevice, ...]
    matches: tuple[Match, ...]
    undriven: tuple[Undriven, ...]
    cases: tuple[Case, ...]


async def survey(settings: DevicesSettings, run: Run) -> Survey:
    """Ask udev once. ConfigError when a file with the shop's models cannot be read."""
    return sift(settings, await Udev(run).snapshot() if settings.udev else ())


def sift(settings: DevicesSettings, nodes: tuple[Node, ...]) -> Survey:
    """Decide for each physical device among `nodes`."""
    catalog, inventory = load(shop=settings.models), Inventory()
    for node in nodes:
        inventory.apply(Plugged(node))
    cases = [
        Case(
            body,
            catalog.get(body.usb.id) if body.usb else None,
            spoken(body, settings.assign),
            match(body, catalog, settings.assign, shared=inventory.twins(body)),
            None,
        )
        for body in inventory.bodies()
    ]
    decided = [each.decision for each in cases]
    return Survey(
        settings.static,
        tuple(each for each in decided if isinstance(each, Match)),
        tuple(each for each in decided if isinstance(each, Undriven)),
        tuple(cases),
    )
