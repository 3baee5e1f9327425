"""A scale on a line, in any dialect: asked for the weight all the time, told on change.

Asked often while its weight changes or is read, and less at rest, where it stands all day: a box
that waits takes no processor to speak of, and what is put on the plate is still seen within 250 ms.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.scale_line import SETTLE_S, ScaleLine
from posedge.model.capabilities import Kind, ScaleState, Weight
from posedge.model.errors import DeviceError
from posedge.model.events import Weighed
from posedge.model.value import Value
from posedge.wire.scales.frames import (
    Dialect,
    Frame,
    Garbled,
    Refused,
    Sample,
    Talk,
    Trouble,
    Unchanged,
    Unsupported,
)
from posedge.wire.scales.judge import NOT_READY, judge

OFFLINE = "the scale is not connected now"
BY_HAND = "the till cannot do this over its protocol: press the key on the scale"


LIVELY_S = 3.0
"""After a change or a reading: longer than a hand takes from one article to the next."""


ASLEEP_S = 10.0
"""A scale that nobody touched for so much longer is asked as rarely as its weight stays fresh."""


class ScaleOptions(Value):
    """`unanswered` polls in a row close the line; a weight older than `fresh_ms` is not shown.

    Between two polls lies `interval_ms`, or `rest_ms` when nothing has happened for LIVELY_S:
    polling is most of what an idle box does.
    """

    interval_ms: Annotated[int, Field(ge=20, le=100)] = 80
    rest_ms: Annotated[int, Field(ge=20, le=250)] = 240
    reply_ms: Annotated[int, Field(ge=50, le=2000)] = 300
    fresh_ms: Annotated[int, Field(ge=100, le=5000)] = 500
    unanswered: Annotated[int, Field(ge=1, le=100)] = 5

    @property
    def longest_ms(self) -> int:
        """Return the pause at rest: where a shorter one is asked for, a weight must stay fresh."""
        return max(self.interval_ms, min(self.rest_ms, self.fresh_ms // 2))

    @property
    def asleep_ms(self) -> int:
        """Return the pause of a scale that is asleep: its answer must come while it is fresh."""
        return max(self.longest_ms, self.fresh_ms * 4 // 5)


class DialectScale:
    """One scale, in the dialect that it is given. A Scale as well as a Driver.

    What is registered are its variants with a name, one for each dialect: posedge.drivers.scales.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind] = Kind.SCALE
    options: ClassVar[type[Value]] = ScaleOptions

    def __init__(self, site: Site, options: ScaleOptions, dialect: Dialect) -> None:
        self._site = site
        self._options = options
        self._dialect = dialect
        self._line: ScaleLine | None = None
        self._turn = asyncio.Lock()
        self._weight = NOT_READY
        self._at_s = 0.0
        self._lively_until_s = 0.0
        self._reported: str | None = "starting"

    async def run(self) -> None:
        link = await self._site.open()
        self._line = ScaleLine(link, self._dialect, self._options.reply_ms / 1000)
        try:
            await self._watch()
        finally:
            self._line = None
            await link.close()
            await self._show(NOT_READY)

    def weight(self) -> Weight:
        now_s = asyncio.get_running_loop().time()
        self._lively_until_s = now_s + LIVELY_S
        age_s = now_s - self._at_s
        return self._weight if age_s * 1000 <= self._options.fresh_ms else NOT_READY

    async def zero(self) -> None:
        """DeviceError `scale.refused` unless the scale then stands at gross zero."""
        text = "the scale did not zero: clear the plate and the tare, let it rest, try again"
        await self._command(self._dialect.zero, text, net=False)

    async def tare(self) -> None:
        """DeviceError `scale.refused` unless the scale then stands at net zero."""
        text = "the scale took no tare: let it rest, and see that tare is enabled in its set-up"
        await self._command(self._dialect.tare, text, net=True)

    def __repr__(self) -> str:
        shown = self._weight.shown or ""
        return f"<{self._dialect.title} scale {self._site.name}: {self._weight.state} {shown}>"

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        unanswered = 0
        while True:
            began_s = loop.time()
            frame = await self._poll()
            unanswered = unanswered + 1 if isinstance(frame, Garbled | None) else 0
            trouble = self._trouble(frame)
            await self._report(trouble)
            if isinstance(frame, Unsupported):
                raise DeviceError("scale.unsupported", frame.text)
            if unanswered >= self._options.unanswered:
                raise DeviceError("scale.silent", trouble or "the scale does not answer")
            if not self._dialect.listens:
                now_s = loop.time()
                await asyncio.sleep(began_s + self._pause_s(now_s) - now_s)

    def _pause_s(self, now_s: float) -> float:
        """Return how long it may be from one question to the next."""
        options, quiet_s = self._options, now_s - self._lively_until_s
        if quiet_s < 0 or self._weight.state is ScaleState.UNSTABLE:
            return options.interval_ms / 1000
        return (options.longest_ms if quiet_s < ASLEEP_S else options.asleep_ms) / 1000

    async def _poll(self) -> Frame | None:
        """Ask for the weight and show what the answer means; one caller at a time."""
        async with self._turn:
            frame = await self._hold(self._dialect.weigh)
            await self._show(judge(frame, self._weight))
            return frame

    async def _command(self, talk: Callable[[], Talk] | None, refusal: str, *, net: bool) -> None:
        """Say it and watch the scale: what it then shows is the only proof there is."""
        if talk is None:
            raise DeviceError("scale.unsupported", BY_HAND)
        async with self._turn:
            said = await self._hold(talk)
            await self._show(NOT_READY)
        if isinstance(said, Refused):
            raise DeviceError("scale.refused", said.text)
        loop = asyncio.get_running_loop()
        patience_s = loop.time() + SETTLE_S
        while not self._stands_at_zero(net=net):
            if loop.time() >= patience_s:
                raise DeviceError("scale.refused", refusal)
            await self._poll()
            await asyncio.sleep(self._options.interval_ms / 1000)

    def _stands_at_zero(self, *, net: bool) -> bool:
        seen = self._weight
        same = seen.net == net or not self._dialect.tells_net
        return seen.state is ScaleState.ZERO and same

    async def _hold(self, talk: Callable[[], Talk]) -> Frame | None:
        if self._line is None:
            raise DeviceError("scale.offline", OFFLINE)
        return await self._line.hold(talk())

    async def _show(self, weight: Weight) -> None:
        """Keep it, and publish it when it is another than before."""
        before, self._weight = self._weight, weight
        self._at_s = asyncio.get_running_loop().time()
        if weight != before:
            self._lively_until_s = self._at_s + LIVELY_S
            at = self._site.clock.now()
            event = Weighed(at=at, device=self._site.device, **weight.model_dump())
            await self._site.bus.publish(event)

    async def _report(self, reason: str | None) -> None:
        if reason != self._reported:
            self._reported = reason
            await self._site.report(reason)

    def _trouble(self, frame: Frame | None) -> str | None:
        """Say in words what is wrong; None when the scale answers as it should."""
        title, line = self._dialect.title, self._dialect.line
        match frame:
            case None:
                sends = "sends nothing" if self._dialect.listens else "does not answer"
                return f"the scale {sends}: check its power and cable, and {line}"
            case Trouble(text=text) | Refused(text=text) | Unsupported(text=text):
                return text
            case Sample() | Unchanged():
                return None
            case _:
                return f"the scale's answers are garbled: check {line} and that it speaks {title}"
