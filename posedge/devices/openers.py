"""From an address to an open link. Injected, so that the simulated box opens lines in memory.

What opens a node of the kernel is imported with the first one: most boxes have not all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

from posedge.devices.address import (
    Address,
    Evdev,
    Hidraw,
    Http,
    Pcsc,
    Serial,
    Tcp,
    Through,
    Usblp,
    Worker,
)
from posedge.link.serial import open_serial, preload
from posedge.link.tcp import open_tcp
from posedge.model.errors import DeviceError

CONNECT_S = 5.0
"""A printer in a shop answers in milliseconds; after this the supervisor says that it is away."""

CALM_S = 5.0
"""When a start is over: what is not needed for it is loaded then."""

Opener = Callable[[Address], Awaitable[Any]]


async def open_link(address: Address) -> Any:  # noqa: PLR0911 - one for each kind of line
    """Open what the address says: a Link, a ScanSource (evdev), a ReportLink, a CardLink (pcsc)."""
    match address:
        case Tcp(host=host, port=port) | Http(host=host, port=port):
            return await open_tcp(host, port, timeout_s=CONNECT_S)  # its driver adds TLS and HTTP
        case Serial(path=path, line=line):
            return await open_serial(path, **line.model_dump())
        case Usblp(path=path):
            from posedge.link.usblp import open_usblp  # noqa: PLC0415 - see the top

            return await open_usblp(path)
        case Pcsc(reader=reader):
            from posedge.link.pcsc import open_pcsc  # noqa: PLC0415 - see the top

            return await open_pcsc(reader)
        case Worker(path=path, memory_mb=memory_mb):
            from posedge.link.worker import open_worker  # noqa: PLC0415 - see the top

            return await open_worker(path, memory_mb=memory_mb)
        case Evdev(path=path):
            from posedge.link.evdev import open_evdev  # noqa: PLC0415 - see the top

            return await open_evdev(path)
        case Hidraw(path=path):
            from posedge.link.hidraw import open_hidraw  # noqa: PLC0415 - see the top

            return await open_hidraw(path)
        case Through(printer=printer):
            text = f"only the box that drives {printer} reaches what hangs behind it"
            raise DeviceError("device.unreachable", text)
        case _:
            assert_never(address)


async def prepare() -> None:
    """Load, once the box is calm, what the first serial device would wait for."""
    await asyncio.sleep(CALM_S)
    await asyncio.to_thread(preload)
