"""TCP to network printers, terminals and serial servers."""

import asyncio
import socket

from posedge.link.stream import StreamLink
from posedge.link.translate import translated, unreachable

KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)
"""A dead peer is known after 25 s, idle or with bytes in flight; small commands leave at once."""


async def open_tcp(host: str, port: int, *, timeout_s: float) -> StreamLink:
    """Connect, or raise DeviceError `device.unreachable` within `timeout_s`."""
    device = f"tcp://{host}:{port}"
    loop = asyncio.get_running_loop()
    link = StreamLink(device)
    try:
        async with asyncio.timeout(timeout_s):
            transport, _ = await loop.create_connection(lambda: link, host, port)
    except TimeoutError as error:
        raise unreachable(device, f"no answer within {timeout_s:g} s") from error
    except OSError as error:  # refused, no route, unknown name: for us all the same
        raise unreachable(device, error.strerror or str(error)) from error
    peer: socket.socket = transport.get_extra_info("socket")
    with translated(device):
        for level, option, value in KEEPALIVE:
            peer.setsockopt(level, option, value)
    return link
