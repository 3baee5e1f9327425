"""From a device to a till: scan, weight, plug and unplug.

Scans and weights come over a pty into a real box and out of its HTTP event stream. Plug and unplug
begin with what udev tells, in this process, since a plug cannot be put in by a program.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.demo.report import percentile
from posedge.demo.till import Seen
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.inventory import Node, Plugged, Unplugged
from posedge.devices.registry import Devices
from posedge.devices.settings import Assignment, DevicesSettings
from posedge.drivers.scale import LIVELY_S
from posedge.model.capabilities import DeviceState
from posedge.sim.scanner import ScannerSim
from posedge.tasks import Crew
from tests.bench import Row
from tests.bench.place import DISK, Place, place
from tests.doubles.plugs import BRIDGE, tty, usb
from tests.doubles.shelf import MemoryShelf

SCANS = 200
WEIGHTS = 30
PLUGS = 50
PAUSE_S = (0.005, 0.03)
"""Between two scans: at any point of the scale's polling and of the box's own work."""

REST_S = (0.1, 0.2)
RESTING_WEIGHTS = 10
RESTING_S = (LIVELY_S + 0.5, LIVELY_S + 1.0)
"""Until the scale is asked less often, and at any point between two questions."""

PATIENCE_S = 5.0
LOOK_S = 0.001
ODOO_WEIGHT = "below 0.25 s; Odoo IoT Box 1.73 s"
ODOO_PLUG = "below 0.5 s, from udev's word; Odoo IoT Box 0.4 to 3.0 s"
ODOO_UNPLUG = "below 0.2 s, from udev's word; Odoo IoT Box 2.0 s"


def measure() -> list[Row]:
    scans, weights, resting = asyncio.run(_through_the_box())
    plugs, unplugs = asyncio.run(_through_udev())
    return [
        *_rows("scan to event stream", scans, "through HTTP"),
        *_rows("weight to event stream", weights, ODOO_WEIGHT),
        *_rows("weight on a scale at rest to event stream", resting, ODOO_WEIGHT),
        *_rows("plug to listed", plugs, ODOO_PLUG),
        *_rows("unplug to gone", unplugs, ODOO_UNPLUG),
    ]


async def _through_the_box() -> tuple[list[float], list[float], list[float]]:
    chance = random.Random(1)
    async with place(DISK) as shop:
        scans = [await _scan(shop, n, chance.uniform(*PAUSE_S)) for n in range(SCANS)]
        weights = [await _weigh(shop, n, chance.uniform(*REST_S)) for n in range(WEIGHTS)]
        resting = [
            await _weigh(shop, WEIGHTS + n, chance.uniform(*RESTING_S))
            for n in range(RESTING_WEIGHTS)
        ]
    return scans, weights, resting


async def _scan(shop: Place, number: int, pause_s: float) -> float:
    await asyncio.sleep(pause_s)
    code = f"952{number:09}"
    mark, began = shop.till.mark(), asyncio.get_running_loop().time()
    await shop.devices.scanner.scan(code)
    return await _seen(shop, mark, began, lambda each: code in str(each.data.get("text")))


async def _weigh(shop: Place, number: int, pause_s: float) -> float:
    await asyncio.sleep(pause_s)
    weight_g = 500 + number
    mark, began = shop.till.mark(), asyncio.get_running_loop().time()
    shop.devices.scale.put(weight_g)
    return await _seen(shop, mark, began, lambda each: each.data.get("weight_g") == weight_g)


async def _seen(shop: Place, mark: int, began: float, fits: Callable[[Seen], bool]) -> float:
    seen = await shop.till.expect(mark, fits, PATIENCE_S)
    assert seen is not None, "the till saw nothing"
    return (seen.at - began) * 1000


class _Udev:
    """Says what it is told to, as posedge.devices.udev says what udev tells."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[Plugged | Unplugged] = asyncio.Queue()

    async def events(self) -> AsyncIterator[Plugged | Unplugged]:
        while True:
            yield await self.news.get()


async def _through_udev() -> tuple[list[float], list[float]]:
    """Plug a scanner in and out; return milliseconds until it is on line, and until it is gone."""
    loop = asyncio.get_running_loop()
    scanner = ScannerSim()
    settings = DevicesSettings(
        assign=(Assignment(device=BRIDGE, driver="serial-scanner", options={}),)
    )
    devices, udev = _devices(settings, Bus(MemoryShelf())), _Udev()
    plugs: list[float] = []
    unplugs: list[float] = []
    async with Crew("bench") as crew:
        crew.start(devices.run(udev), name="devices")
        for number in range(PLUGS):
            scanner.pty.plug()
            node = _node(scanner.pty.path, number)
            began = loop.time()
            udev.news.put_nowait(Plugged(node))
            await _until(devices, DeviceState.ONLINE)
            plugs.append((loop.time() - began) * 1000)
            began = loop.time()
            scanner.pty.unplug()
            udev.news.put_nowait(Unplugged(node.path))
            await _until(devices, None)
            unplugs.append((loop.time() - began) * 1000)
    return plugs, unplugs


def _node(path: str, number: int) -> Node:
    """Return one of its own for each plug: what comes and goes all the time is held back."""
    return tty(usb(BRIDGE, port=str(number)), path.removeprefix("/dev/"))


def _devices(settings: DevicesSettings, bus: Bus) -> Devices:
    clock, chance = SystemClock(), random.Random(1)

    async def keep(_key: str, _value: str) -> None:
        return None

    return Devices(
        settings, load(), Names({}, keep), bus=bus, clock=clock, ids=Ids(clock), chance=chance
    )


async def _until(devices: Devices, state: DeviceState | None) -> None:
    """Wait until the one device is in `state`; None: until there is none."""
    wanted = [state] if state else []
    async with asyncio.timeout(PATIENCE_S):
        while [each.state for each in devices.statuses()] != wanted:  # noqa: ASYNC110 - a figure
            await asyncio.sleep(LOOK_S)


def _rows(name: str, values: list[float], beside: str) -> list[Row]:
    return [Row(f"{name} p{n}", percentile(values, n), "ms", beside) for n in (50, 99)]
