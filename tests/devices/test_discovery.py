import asyncio
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.devices.discovery import Discovery
from posedge.devices.identity import Names
from posedge.devices.inventory import Plugged, Unplugged
from posedge.devices.network import RAW
from posedge.devices.registry import Devices
from posedge.devices.settings import DevicesSettings
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_lines import serve_tcp
from posedge.tasks import Crew
from tests.doubles.shelf import MemoryShelf

HERE = "127.0.0.1"
SOON_S = 15.0
EPSON = {"ty": "EPSON TM-T88VI", "usb_MFG": "EPSON", "usb_MDL": "TM-T88VI", "UUID": "ab-12"}


def info(port: int, txt: dict[str, str] | None = None) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        RAW,
        f"Receipts.{RAW}",
        addresses=[socket.inet_aton(HERE)],
        port=port,
        properties=txt or EPSON,
        server="printer-12.local.",
    )


@asynccontextmanager
async def responder() -> AsyncIterator[AsyncZeroconf]:
    zc = AsyncZeroconf(interfaces=[HERE], ip_version=IPVersion.V4Only)
    try:
        yield zc
    finally:
        await zc.async_close()


async def following(
    events: AsyncGenerator[Plugged | Unplugged, None],
) -> Plugged | Unplugged:
    async with asyncio.timeout(SOON_S):
        return await anext(events)


async def test_a_printer_comes_changes_its_address_and_goes() -> None:
    events = Discovery([HERE], gather_s=0.1).events()
    async with responder() as printer, aclosing(events):
        await (await printer.async_register_service(info(9100)))
        found = await following(events)
        assert isinstance(found, Plugged)
        assert found.node.file == f"{HERE}:9100"
        assert found.node.path == f"/network/uuid-ab-12/{RAW}"
        await (await printer.async_update_service(info(9101)))
        moved = await following(events)
        assert isinstance(moved, Plugged)
        assert (moved.node.path, moved.node.file) == (found.node.path, f"{HERE}:9101")
        await (await printer.async_unregister_service(info(9101)))
        assert await following(events) == Unplugged(found.node.path)


async def test_the_box_drives_it_and_its_name_stays_with_it() -> None:
    clock, chance, kept = SystemClock(), random.Random(1), dict[str, str]()

    async def keep(key: str, value: str) -> None:
        kept[key] = value

    devices = Devices(
        DevicesSettings(udev=False, discover=True),
        {},
        Names(kept, keep),
        bus=Bus(MemoryShelf()),
        clock=clock,
        ids=Ids(clock, chance),
        chance=chance,
    )

    async def online(at: int) -> None:
        async with asyncio.timeout(SOON_S):
            while not any(  # noqa: ASYNC110 - over a real network
                (each.state, each.name) == ("ONLINE", "printer") and servers[at].sim.connected
                for each in devices.statuses()
            ):
                await asyncio.sleep(0.01)

    servers = [Listening(), Listening()]
    async with Crew("test") as crew, responder() as printer:
        for server in servers:
            await server.start()
        run = partial(devices.run, None, Discovery([HERE], gather_s=0.1))
        crew.start(run(), name="devices")
        await (await printer.async_register_service(info(servers[0].port)))
        await online(0)
        await (await printer.async_update_service(info(servers[1].port)))
        await online(1)
    for server in servers:
        await server.stop()


class Listening:
    """A virtual printer on a port of its own."""

    def __init__(self) -> None:
        self.sim = PrinterSim()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await serve_tcp(self.sim, port=0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port
