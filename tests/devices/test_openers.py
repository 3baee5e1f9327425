import os
import socket
import tty

import pytest

from posedge.devices.address import Evdev, Serial, Tcp, Usblp
from posedge.devices.openers import open_link
from posedge.model.errors import DeviceGone


async def test_a_network_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = await open_link(Tcp(host="127.0.0.1", port=server.getsockname()[1]))
        assert "tcp://127.0.0.1" in repr(link)
        await link.close()


async def test_a_serial_address() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = await open_link(Serial(path=os.ttyname(slave)))
    await link.close()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("kind", [Usblp, Evdev])
async def test_a_node_that_is_gone(kind: type[Usblp | Evdev]) -> None:
    with pytest.raises(DeviceGone):
        await open_link(kind(path="/dev/posedge-no-such-node"))
