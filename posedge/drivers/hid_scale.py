"""Scales over HID: they tell their weight by themselves, and can be told to zero."""

import asyncio
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reports import described
from posedge.link.interface import ReportLink
from posedge.model.capabilities import Kind, ScaleState, Weight
from posedge.model.errors import DeviceError
from posedge.model.events import Weighed
from posedge.model.value import Value
from posedge.wire.hid.descriptor import Descriptor
from posedge.wire.hid.pos_scale import Layout, layout, read_scale, zero_order
from posedge.wire.scales.frames import Frame, Garbled, Trouble
from posedge.wire.scales.judge import NOT_READY, judge

MS_PER_S = 1000
ORDER_S = 1.0
"""A report takes a millisecond; the kernel itself gives up after five seconds."""

OFFLINE = "the scale is not connected now"
GARBLED = "the scale says what cannot be understood: update it, or use another"
BY_HAND = "the till cannot do this over USB: press the key on the scale"
NOT_ZEROED = "the scale did not zero: clear the plate, let it rest, try again"


class HidScaleOptions(Value):
    """`settle_ms`: how long the scale may take to zero, its plate coming to rest included."""

    settle_ms: Annotated[int, Field(ge=100, le=10_000)] = 3000


class HidScale:
    """One scale. A Scale as well as a Driver.

    What it said last stays true until it says another thing: many report changes only, and the
    kernel tells when it is gone.
    """

    name: ClassVar[str] = "hid-scale"
    kind: ClassVar[Kind] = Kind.SCALE
    options: ClassVar[type[Value]] = HidScaleOptions

    def __init__(self, site: Site[ReportLink]) -> None:
        self._site = site
        self._options = read_options(HidScaleOptions, site.options)
        self._link: ReportLink | None = None
        self._zero: bytes | None = None
        self._weight = NOT_READY
        self._news = asyncio.Event()
        self._reported: str | None = "starting"

    async def run(self) -> None:
        link = await self._site.open()
        try:
            device = described(link)
            self._link, self._zero = link, zero_order(device)
            await self._report(None)  # a scale may say nothing until something is put onto it
            await self._watch(link, device, layout(device))
        finally:
            self._link = None
            try:
                await self._show(NOT_READY)
            finally:
                await link.close()

    def weight(self) -> Weight:
        return self._weight

    async def zero(self) -> None:
        """DeviceError `scale.refused` unless the scale then stands at zero."""
        if self._link is None:
            raise DeviceError("scale.offline", OFFLINE)
        if self._zero is None:
            raise DeviceError("scale.unsupported", BY_HAND)
        await self._link.write(self._zero, deadline_s=ORDER_S)
        try:
            async with asyncio.timeout(self._options.settle_ms / MS_PER_S):
                while self._weight.state is not ScaleState.ZERO:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise DeviceError("scale.refused", NOT_ZEROED) from None

    async def tare(self) -> None:
        """DeviceError `scale.unsupported`: the tables know no such order."""
        raise DeviceError("scale.unsupported", BY_HAND)

    def __repr__(self) -> str:
        return f"<HidScale {self._site.name}: {self._weight.state} {self._weight.shown or ''}>"

    async def _watch(self, link: ReportLink, device: Descriptor, where: Layout) -> None:
        while True:
            try:
                frame = read_scale(where, *device.divide(await link.read()))
            except DeviceError as error:
                if error.code != "device.overrun":
                    raise
                await self._show(NOT_READY)  # until the next report
                continue
            if frame is not None:
                await self._report(_trouble(frame))
                await self._show(judge(frame, self._weight))

    async def _show(self, weight: Weight) -> None:
        """Keep it, and publish it when it is another than before."""
        before, self._weight = self._weight, weight
        self._news.set()
        if weight != before:
            at = self._site.clock.now()
            event = Weighed(at=at, device=self._site.device, **weight.model_dump())
            await self._site.bus.publish(event)

    async def _report(self, reason: str | None) -> None:
        if reason != self._reported:
            self._reported = reason
            await self._site.report(reason)


def _trouble(frame: Frame) -> str | None:
    match frame:
        case Trouble(text=text):
            return text
        case Garbled():
            return GARBLED
        case _:
            return None
