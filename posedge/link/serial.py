"""Serial ports through serialx, of which nothing is heard above this file."""

import asyncio
import logging
from importlib import import_module
from typing import Literal

from posedge.link.stream import StreamLink
from posedge.link.translate import translated

Bits = Literal[5, 6, 7, 8]
ParityLetter = Literal["N", "E", "O"]
StopBits = Literal[1, 2]


async def open_serial(
    path: str,
    *,
    baud: int,
    bits: Bits = 8,
    parity: ParityLetter = "N",
    stop_bits: StopBits = 1,
    rts_cts: bool = False,
) -> StreamLink:
    """Open `path` alone for us; DeviceBusy when another program has locked it.

    DeviceError `device.unsupported` when the port cannot do these settings.
    """
    import serialx  # noqa: PLC0415 - see preload

    _silence()
    link = StreamLink(path)
    with translated(path):
        await serialx.create_serial_connection(
            asyncio.get_running_loop(),
            lambda: link,
            path,
            baudrate=baud,
            byte_size=bits,
            parity=serialx.Parity(parity),
            stopbits=serialx.StopBits(stop_bits),
            rtscts=rts_cts,
            exclusive=True,
        )
    return link


def preload() -> None:
    """Load what opening a port needs; blocks for some 60 ms.

    Not at start, which it would delay, and not at the first plug, whose customer would wait.
    """
    import_module("serialx")


def _silence() -> None:
    """Keep payload out of the logs: at DEBUG serialx prints every byte, card data included."""
    logger = logging.getLogger("serialx")
    if logger.getEffectiveLevel() < logging.INFO:
        logger.setLevel(logging.INFO)
