"""What is hidraw's own; what every ReportLink guarantees is in tests/contract."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from posedge.link.hidraw import HidrawLink, open_hidraw
from posedge.link.hidraw_ioctl import KernelIoctls
from posedge.link.interface import Nature
from posedge.model.errors import DeviceError
from posedge.tasks import Crew, cancel


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Asked(KernelIoctls):
    def nature(self, fd: int) -> Nature:
        assert os.fstat(fd)
        return Nature(1, 2, b"")


async def test_what_is_no_hid_device_is_refused_and_closed() -> None:
    before = descriptors()
    with pytest.raises(DeviceError) as error:
        await open_hidraw("/dev/null")
    assert error.value.code == "device.failed"
    assert descriptors() == before


async def test_an_open_that_nobody_waits_for_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "hidraw0"
    path.touch()
    before = descriptors()
    async with Crew("test") as crew:
        opening = crew.start(open_hidraw(str(path)), name="open")
        await asyncio.sleep(0)
        await cancel(opening)
    async with asyncio.timeout(5):
        while descriptors() != before:  # noqa: ASYNC110 - what is waited for is a thread
            await asyncio.sleep(0.001)


async def test_reads_after_a_short_wait_of_the_kernel_s_and_refuses_strange_features() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    link = HidrawLink("hidraw7", ours.detach(), ioctls=Asked())
    assert repr(link) == "<HidrawLink hidraw7: open, 0 reports waiting>"
    theirs.send(b"\x01a")
    assert await link.read() == b"\x01a"
    with pytest.raises(DeviceError):
        await link.set_feature(b"\x01\x02", deadline_s=5)
    with pytest.raises(DeviceError):
        await link.get_feature(1, 2, deadline_s=5)
    await link.close()
    theirs.close()


async def test_a_close_that_is_cancelled_leaves_nothing_open() -> None:
    """As when a device that has failed is unplugged while its driver ends."""
    before = descriptors()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    link = HidrawLink("hidraw7", ours.detach(), ioctls=Asked())
    async with Crew("test") as crew:
        closing = crew.start(link.close(), name="close")
        await asyncio.sleep(0)
        await cancel(closing)
    theirs.close()
    async with asyncio.timeout(5):
        while descriptors() != before:  # noqa: ASYNC110 - what is waited for is a thread
            await asyncio.sleep(0.001)
