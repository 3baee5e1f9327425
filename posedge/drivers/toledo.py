"""Scales that speak Mettler Toledo 8217: asked for the weight all the time, told on change."""

import asyncio
from contextlib import suppress
from typing import Annotated, ClassVar, assert_never

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.link.interface import Link
from posedge.model.capabilities import Kind, ScaleState, Weight
from posedge.model.errors import DeviceError
from posedge.model.events import Weighed
from posedge.model.value import Value
from posedge.wire.toledo import (
    TARE,
    WEIGH,
    ZERO,
    Frame,
    Garbled,
    Pounds,
    Reading,
    ScaleDecoder,
    Status,
)
from posedge.wire.toledo_weight import NOT_READY, judge

WRITE_S = 0.5
"""One byte at 9600 baud takes a millisecond: after this the port is dead."""

SETTLE_S = 2.0
"""The scale acts on its next measurement and answers T after 150 ms (DIVA manual, 6.1.3.2)."""

SILENT = "the scale does not answer: check its power and cable, and 9600 baud 7E1"
GARBLED = "the scale's answers are garbled: check 9600 baud 7E1 and that it speaks 8217"
IN_POUNDS = "the scale weighs in pounds: set it to kilograms"
OFFLINE = "the scale is not connected now"


class ToledoOptions(Value):
    """`unanswered` polls in a row close the line; a weight older than `fresh_ms` is not shown."""

    interval_ms: Annotated[int, Field(ge=20, le=100)] = 80
    reply_ms: Annotated[int, Field(ge=50, le=2000)] = 300
    fresh_ms: Annotated[int, Field(ge=100, le=5000)] = 500
    unanswered: Annotated[int, Field(ge=1, le=100)] = 5


class ToledoScale:
    """One scale. A Scale as well as a Driver."""

    name: ClassVar[str] = "toledo"
    kind: ClassVar[Kind] = Kind.SCALE
    options: ClassVar[type[Value]] = ToledoOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(ToledoOptions, site.options)
        self._line: _Line | None = None
        self._turn = asyncio.Lock()
        self._weight = NOT_READY
        self._at_s = 0.0
        self._reported: str | None = "starting"

    async def run(self) -> None:
        link = await self._site.open()
        self._line = _Line(link, self._options.reply_ms / 1000)
        try:
            await self._watch()
        finally:
            self._line = None
            await link.close()
            await self._show(NOT_READY)

    def weight(self) -> Weight:
        age_s = asyncio.get_running_loop().time() - self._at_s
        return self._weight if age_s * 1000 <= self._options.fresh_ms else NOT_READY

    async def zero(self) -> None:
        """DeviceError `scale.refused` unless the scale then stands at gross zero."""
        seen = await self._command(ZERO, Weight(state=ScaleState.ZERO, weight_g=0))
        if not seen:
            text = "the scale did not zero: clear the plate and the tare, let it rest, try again"
            raise DeviceError("scale.refused", text)

    async def tare(self) -> None:
        """DeviceError `scale.refused` unless the scale then stands at net zero."""
        seen = await self._command(TARE, Weight(state=ScaleState.ZERO, weight_g=0, net=True))
        if not seen:
            text = "the scale took no tare: let it rest, and see that tare is enabled in its set-up"
            raise DeviceError("scale.refused", text)

    def __repr__(self) -> str:
        return f"<ToledoScale {self._site.name}: {self._weight.state} {self._weight.weight_g}>"

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        unanswered = 0
        while True:
            due_s = loop.time() + self._options.interval_ms / 1000
            frame = await self._poll()
            unanswered = 0 if isinstance(frame, Reading | Status | Pounds) else unanswered + 1
            await self._report(_trouble(frame))
            if unanswered >= self._options.unanswered:
                raise DeviceError("scale.silent", _trouble(frame) or SILENT)
            await asyncio.sleep(due_s - loop.time())

    async def _poll(self) -> Frame | None:
        """Ask for the weight and show what the answer means; one caller at a time."""
        async with self._turn:
            frame = await self._ask(WEIGH)
            await self._show(judge(frame, self._weight))
            return frame

    async def _command(self, command: bytes, wanted: Weight) -> bool:
        """Send it and watch the scale: what it then shows is the only proof there is."""
        async with self._turn:
            await self._ask(command)
            await self._show(NOT_READY)
        loop = asyncio.get_running_loop()
        patience_s = loop.time() + SETTLE_S
        while self._weight != wanted and loop.time() < patience_s:
            await self._poll()
            await asyncio.sleep(self._options.interval_ms / 1000)
        return self._weight == wanted

    async def _ask(self, request: bytes) -> Frame | None:
        if self._line is None:
            raise DeviceError("scale.offline", OFFLINE)
        return await self._line.ask(request)

    async def _show(self, weight: Weight) -> None:
        """Keep it, and publish it when it is another than before."""
        before, self._weight = self._weight, weight
        self._at_s = asyncio.get_running_loop().time()
        if weight != before:
            at = self._site.clock.now()
            event = Weighed(at=at, device=self._site.device, **weight.model_dump())
            await self._site.bus.publish(event)

    async def _report(self, reason: str | None) -> None:
        if reason != self._reported:
            self._reported = reason
            await self._site.report(reason)


class _Line:
    """Question and answer."""

    def __init__(self, link: Link, reply_s: float) -> None:
        self._link = link
        self._reply_s = reply_s

    async def ask(self, request: bytes) -> Frame | None:
        """Return the first whole frame; Garbled or None when none came in time."""
        await self._forget()
        await self._link.write(request, deadline_s=WRITE_S)
        decoder = ScaleDecoder()
        noise: Garbled | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._reply_s):
                while True:
                    frame = decoder.next_frame()
                    if frame is None:
                        decoder.feed(await self._link.read())
                    elif isinstance(frame, Garbled):
                        noise = frame
                    else:
                        return frame
        return noise

    async def _forget(self) -> None:
        """Throw away what came too late for the question before: it is no answer to this one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                while True:
                    await self._link.read()


def _trouble(frame: Frame | None) -> str | None:
    match frame:
        case None:
            return SILENT
        case Garbled():
            return GARBLED
        case Pounds():
            return IN_POUNDS
        case Reading() | Status():
            return None
        case _:
            assert_never(frame)
