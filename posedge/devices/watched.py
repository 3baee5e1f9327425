"""A device's link and its way to the bus, both behind its meter."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.devices.meter import EVENTS_PER_S, Meter
from posedge.link.interface import Nature
from posedge.link.tape import Tape
from posedge.model.events import Event, ScanDiscarded, Scanned, Weighed
from posedge.wire.scan import Dropped, Scan

DISPOSABLE = (Scanned, ScanDiscarded, Weighed)
"""Of a flood of these none can be used any more; all others are the last word on a state."""

LARGE_BYTES = 512
"""What is read at once and takes 2 ms to decode and to mask: then it is the turn of the others."""

CALM_S = 0.02
"""A pause of the line in which masking its tape holds nobody up: messages of one payment follow
each other faster."""

FLOODING = (
    "it sends far more than any such device does, and is held back until it pauses:"
    " look for a stuck trigger, a wrong baud rate or a broken cable"
)


class WatchedLink:
    """Reads what `link` reads, at the pace that the meter allows; `tell` hears of a flood.

    All that passes is on the tape.

    What else a link can do is done by the link itself.
    """

    def __init__(
        self, link: Any, meter: Meter, tell: Callable[[], Awaitable[None]], tape: Tape
    ) -> None:
        self._link = link
        self._meter = meter
        self._tell = tell
        self._told = meter.flooding
        self._tape = tape
        self._closed = False
        self._large = False
        self._now_s = asyncio.get_running_loop().time  # to ask for the loop is a call of the kernel
        self._passed_s = self._now_s()
        self._settling = False
        tape.mark("open", self._passed_s, **_nature(link))

    async def read(self, *limit: int) -> Any:
        """See Link.read. All waiting is in front of the reading: a cancelled one loses nothing."""
        if self._large:
            await asyncio.sleep(0)
        if self._told != self._meter.flooding:
            self._told = self._meter.flooding
            await self._tell()
        if self._meter.flooding:
            data = await self._unflooded(*limit)
        else:
            data = await self._link.read(*limit)
        self._note(data, self._now_s())
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        """See Link.write."""
        now_s = self._now_s()
        self._tape.passed("out", data, now_s)
        self._settle_later(now_s)
        await self._link.write(data, deadline_s=deadline_s)

    async def close(self) -> None:
        """See Link.close."""
        if not self._closed:
            self._closed = True
            self._tape.mark("close", self._now_s())
        await self._link.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    def __repr__(self) -> str:
        return f"<WatchedLink {self._link!r} {self._meter!r}>"

    def _note(self, data: object, now_s: float) -> None:
        match data:
            case bytes():
                self._large = len(data) >= LARGE_BYTES
                self._tape.passed("in", data, now_s)
                self._meter.took(len(data), now_s)
            case Scan(text=text):
                self._tape.scanned(data, now_s)
                self._meter.took(len(text), now_s)
            case Dropped():
                self._tape.scanned(data, now_s)
                self._meter.took(1, now_s)
            case _:  # what the tape cannot mask it does not keep
                self._meter.took(1, now_s)
        self._settle_later(now_s)

    def _settle_later(self, now_s: float) -> None:
        self._passed_s = now_s
        if self._tape.due and not self._settling:
            self._settling = True
            asyncio.get_running_loop().call_later(CALM_S, self._settle)

    def _settle(self) -> None:
        """Mask what is on the tape, unless something passed just now: then look again."""
        if self._now_s() - self._passed_s < CALM_S / 2:
            asyncio.get_running_loop().call_later(CALM_S, self._settle)
            return
        self._settling = False
        self._tape.settle()

    async def _unflooded(self, *limit: int) -> Any:
        """Read at the pace of a flood, and notice when it has stopped."""
        await asyncio.sleep(max(0.0, self._meter.ready_s - self._now_s()))
        try:
            async with asyncio.timeout_at(self._meter.calm_s):
                return await self._link.read(*limit)
        except TimeoutError:
            self._meter.calm()
        self._told = False
        await self._tell()
        return await self._link.read(*limit)


class WatchedIds(Ids):
    """Ids as a driver gets them: on the tape, so that its replay gets the same ones."""

    def __init__(self, ids: Ids, tape: Tape) -> None:
        self._ids = ids
        self._tape = tape

    def new(self) -> str:
        made = self._ids.new()
        self._tape.mark("id", asyncio.get_running_loop().time(), id=made)
        return made


class WatchedBus:
    """The bus as a driver gets it: its device's flood never reaches it."""

    def __init__(self, bus: Bus, meter: Meter, tell: Callable[[], Awaitable[None]]) -> None:
        self._bus = bus
        self._meter = meter
        self._tell = tell

    async def publish(self, event: Event) -> int:
        """See Bus.publish. Of a flood, codes and weights are discarded; a state is told late."""
        was = self._meter.flooding
        if self._meter.may_publish(asyncio.get_running_loop().time()):
            return await self._bus.publish(event)
        if not was:
            await self._tell()
        if isinstance(event, DISPOSABLE):
            self._meter.discard()
            return self._bus.last
        await asyncio.sleep(1 / EVENTS_PER_S)
        return await self._bus.publish(event)


def _nature(link: Any) -> dict[str, str]:
    """Return what a HID device says of itself: without it nobody can read its reports."""
    found = getattr(link, "nature", None)
    if not isinstance(found, Nature):
        return {}
    return {
        "vendor": f"{found.vendor:04x}",
        "product": f"{found.product:04x}",
        "descriptor": found.descriptor.hex(),
    }
