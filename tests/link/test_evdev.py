import asyncio
import errno
import fcntl
import os
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from posedge.link.evdev import OVERRUN, QUEUE_SCANS, EvdevLink, open_evdev
from posedge.link.evdev_ioctl import KernelIoctls
from posedge.model.errors import DeviceBusy, DeviceError, DeviceGone
from posedge.wire.input_event import InputDecoder
from posedge.wire.lines import UNTERMINATED
from posedge.wire.scan import Dropped, Scan
from posedge.wire.strokes import Strokes
from posedge.wire.typed import LOST, Ending, Manner
from tests.doubles.wedge import dropped, keys, packed

PATIENCE_S = 5


@dataclass
class FakeIoctls:
    """A kernel that grants everything, or fails as told."""

    failure: OSError | None = None
    caps: bool = False
    asked: list[str] = field(default_factory=list)

    def claim(self, fd: int) -> None:
        self.asked.append("claim")
        if self.failure is not None:
            raise self.failure

    def caps_lock(self, fd: int) -> bool:
        self.asked.append("caps")
        return self.caps


@asynccontextmanager
async def wedge(
    ioctls: FakeIoctls | None = None,
    *,
    typed_before: bytes = b"",
    typed_at_once: bytes = b"",
    ending: Ending = Ending.AUTO,
    quiet_ms: int = 0,
) -> AsyncIterator[tuple[EvdevLink, int]]:
    """A link over a pipe, and the end that plays the kernel."""
    ours, kernel = os.pipe()
    os.write(kernel, typed_before)
    link = EvdevLink("event7", ours, ioctls=ioctls or FakeIoctls(), quiet_ms=quiet_ms)
    os.write(kernel, typed_at_once)
    await link.start(Manner(ending=ending))
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield link, kernel
    finally:
        await link.close()
        os.close(kernel)


def text(scan: Scan | Strokes | Dropped) -> str:
    assert isinstance(scan, Scan), scan
    return scan.text


async def test_a_code_with_the_kernel_s_time() -> None:
    async with wedge() as (link, kernel):
        os.write(kernel, packed(keys("4006381333931\r"), scan_codes=True))
        scan = await link.read()
        assert scan == Scan("4006381333931", at_ns=keys("4006381333931\r")[-2].at_ns)


async def test_without_terminator_silence_ends_a_code() -> None:
    async with wedge(ending=Ending.NONE) as (link, kernel):
        os.write(kernel, packed(keys("4006381333931")))
        assert text(await link.read()) == "4006381333931"


async def test_a_stalled_loop_loses_nothing() -> None:
    codes = [f"{n:013}" for n in range(QUEUE_SCANS)]
    async with wedge() as (link, kernel):
        burst = b"".join(packed(keys(f"{code}\r"), scan_codes=True) for code in codes)
        writer = threading.Thread(target=os.write, args=(kernel, burst))
        writer.start()
        until = time.perf_counter() + 0.3
        while time.perf_counter() < until or writer.is_alive():
            pass
        writer.join()
        assert [text(await link.read()) for _ in codes] == codes


async def test_a_grab_takes_effect_before_the_first_code() -> None:
    ioctls = FakeIoctls(caps=True)
    async with wedge(ioctls, typed_before=packed(keys("leak\r"))) as (link, kernel):
        os.write(kernel, packed(keys("ab\r")))
        assert text(await link.read()) == "AB"
        assert ioctls.asked == ["claim", "caps"]


async def test_dropped_keys_void_the_whole_code_and_say_so() -> None:
    ioctls = FakeIoctls()
    async with wedge(ioctls) as (link, kernel):
        code = keys("4006381333931\r4014400900057\r")
        os.write(kernel, packed(code[:9]) + dropped(code[9].at_ns) + packed(code[15:]))
        assert await link.read() == LOST
        assert text(await link.read()) == "4014400900057"
        assert ioctls.asked == ["claim", "caps"]


async def test_more_codes_than_the_queue_holds_are_told_once() -> None:
    async with wedge() as (link, kernel):
        burst = b"".join(packed(keys(f"{n}\r")) for n in range(QUEUE_SCANS + 9))
        os.write(kernel, burst)
        await until(lambda: len(link._queue) > QUEUE_SCANS)
        assert [text(await link.read()) for _ in range(QUEUE_SCANS)] == [
            str(n) for n in range(QUEUE_SCANS)
        ]
        assert await link.read() == OVERRUN


async def test_unplugged_within_a_code() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=FakeIoctls(), quiet_ms=0)
    await link.start(Manner())
    os.write(kernel, packed(keys("40063\r40")))
    os.close(kernel)
    async with asyncio.timeout(PATIENCE_S):
        assert text(await link.read()) == "40063"
        assert await link.read() == UNTERMINATED
        for _ in range(2):
            with pytest.raises(DeviceGone):
                await link.read()
    await link.close()
    assert "closed" in repr(link)


async def test_unplugged_with_nothing_begun() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=FakeIoctls(), quiet_ms=0)
    await link.start(Manner())
    os.close(kernel)
    with pytest.raises(DeviceGone):
        await link.read()


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EIO, errno.ENXIO])
async def test_the_kernel_s_words_for_gone(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(fd: int, size: int) -> bytes:
        raise OSError(number, os.strerror(number))

    async with wedge() as (link, kernel):
        monkeypatch.setattr(os, "read", unplugged)
        os.write(kernel, b"x")
        with pytest.raises(DeviceGone):
            await link.read()


async def test_a_read_that_finds_nothing_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    read, refused = os.read, iter([BlockingIOError()])

    def busy(fd: int, size: int) -> bytes:
        for error in refused:
            raise error
        return read(fd, size)

    async with wedge() as (link, kernel):
        monkeypatch.setattr(os, "read", busy)
        os.write(kernel, packed(keys("40063\r")))
        assert text(await link.read()) == "40063"


async def test_closing_ends_a_pending_read_and_the_thread() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=FakeIoctls(), quiet_ms=0)
    await link.start(Manner())
    reading = asyncio.gather(link.read(), return_exceptions=True)
    await asyncio.sleep(0)
    await link.close()
    await link.close()
    assert isinstance((await reading)[0], DeviceGone)
    await until(lambda: not any(t.name.startswith("evdev event7") for t in threading.enumerate()))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(ours)
    os.close(kernel)


async def test_a_cancelled_read_loses_nothing() -> None:
    async with wedge() as (link, kernel):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await link.read()
        os.write(kernel, packed(keys("40063\r")))
        assert text(await link.read()) == "40063"


async def test_a_bug_in_the_thread_comes_out_of_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InputDecoder, "feed", None)
    async with wedge() as (link, kernel):
        os.write(kernel, b"x")
        with pytest.raises(TypeError):
            await link.read()


async def test_closing_what_was_never_started() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=FakeIoctls(), quiet_ms=0)
    assert "open" in repr(link)
    await link.close()
    await link.close()
    with pytest.raises(DeviceGone):
        await link.read()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(ours)
    os.close(kernel)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.EBUSY, DeviceBusy), (errno.ENODEV, DeviceGone), (errno.EINVAL, DeviceError)],
)
async def test_a_grab_refused(number: int, kind: type[DeviceError]) -> None:
    ours, kernel = os.pipe()
    with pytest.raises(kind):
        EvdevLink("event7", ours, ioctls=FakeIoctls(OSError(number, os.strerror(number))))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(ours)
    os.close(kernel)


async def test_open_asks_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, object]] = []

    def ioctl(fd: int, request: int, argument: object) -> object:
        asked.append((request, argument))
        return argument

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    node = tmp_path / "event7"
    node.write_bytes(b"")
    link = await open_evdev(str(node))
    await link.start(Manner())
    await until(lambda: len(asked) == 4)
    await link.close()
    assert [request for request, _ in asked] == [
        _ioc(1, 0x90, 4),
        _ioc(1, 0xA0, 4),
        _ioc(1, 0x93, 16),
        _ioc(2, 0x19, 8),
    ]
    mask = asked[2][1]
    assert isinstance(mask, bytes)
    assert struct.unpack("IIQ", mask)[:2] == (4, 8)


@pytest.mark.parametrize(("lamps", "on"), [(0b010, True), (0b101, False)])
def test_caps_lock_by_its_lamp(lamps: int, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", lambda fd, request, argument: bytes([lamps, *[0] * 7]))
    assert KernelIoctls().caps_lock(0) is on


async def test_the_tail_of_a_code_that_began_before_the_grab_is_void() -> None:
    tail = packed(keys("333931\r4006381333931\r"))
    async with wedge(quiet_ms=PATIENCE_S * 1000, typed_at_once=tail) as (link, _):
        assert await link.read() == LOST
        assert text(await link.read()) == "4006381333931"


async def test_codes_are_taken_when_start_returns_and_not_before() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=FakeIoctls(), quiet_ms=50)
    before_s = time.perf_counter()
    await link.start(Manner())
    assert time.perf_counter() - before_s >= 0.05
    os.write(kernel, packed(keys("40063\r")))
    assert text(await link.read()) == "40063"
    await link.close()
    os.close(kernel)


async def test_a_code_is_handed_out_key_by_key_and_then_as_text_again() -> None:
    async with wedge(FakeIoctls(caps=True)) as (link, kernel):
        link.listen(None)
        code = keys("4006\r")
        os.write(kernel, packed(code))
        assert await link.read() == Strokes(tuple(code), caps_lock=True)
        link.listen(Manner(layout="de", invert_case=True))
        await until(lambda: "<TypedScans" in repr(link))
        os.write(kernel, packed(keys("zZ\r")))
        assert text(await link.read()) == "yY"


async def test_a_change_in_the_middle_of_a_code_voids_it() -> None:
    async with wedge() as (link, kernel):
        code = packed(keys("40063\r"))
        os.write(kernel, code[:96])
        await until(lambda: "1 keys" in repr(link))
        link.listen(None)
        assert await link.read() == LOST


async def test_opening_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone):
        await open_evdev(str(tmp_path / "event9"))


async def test_a_cancelled_open_leaves_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "event7"
    node.write_bytes(b"")
    opened, go, real = list[int](), threading.Event(), os.open

    def slow(path: str, flags: int) -> int:
        go.wait(PATIENCE_S)
        opened.append(real(path, flags))
        return opened[-1]

    monkeypatch.setattr(os, "open", slow)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await open_evdev(str(node))
    go.set()
    await until(lambda: bool(opened) and not Path(f"/proc/self/fd/{opened[0]}").exists())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await open_evdev(str(tmp_path / "none"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - a thread makes it true
            await asyncio.sleep(0)


def _ioc(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("E") << 8 | number
