"""A scale whose dialect nobody has said: recognised, remembered, then driven in that dialect."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Driver, Site
from posedge.drivers.options import read_options
from posedge.drivers.scale import OFFLINE, DialectScale, ScaleOptions
from posedge.drivers.scale_line import ScaleLine
from posedge.drivers.scales import SCALES
from posedge.link.interface import Link
from posedge.model.capabilities import Kind, Weight
from posedge.model.errors import DeviceError
from posedge.model.value import Value
from posedge.wire.scales.judge import NOT_READY
from posedge.wire.scales.recognise import LISTENING, PROBES, Ear, Setting

BY_NAME: Mapping[str, type[Driver]] = {each.name: each for each in SCALES}

LEARNT = "scale"
"""Under which the dialect and its line are remembered: `mt-sics 9600 8N1`."""

SILENT = (
    "the scale sends nothing by itself: say driver = with the protocol that its set-up shows, or"
    " let it be asked by options = { probe = true }"
)
STRANGE = "what comes is no scale's stream that is known: say driver = with what its set-up shows"
UNKNOWN = (
    "the scale answers no question that is known: put something on it and wait, check cable and"
    " power, or say driver = with the protocol and baud = with the speed that its set-up shows"
)


class AutoScaleOptions(ScaleOptions):
    """`listen_ms` at each speed; `probe` lets the line be asked: only when a scale is there."""

    listen_ms: Annotated[int, Field(ge=500, le=10_000)] = 2000
    probe: bool = False


class AutoScale:
    """One scale. A Scale as well as a Driver; what it is asked goes to the one it found."""

    name: ClassVar[str] = "auto-scale"
    kind: ClassVar[Kind] = Kind.SCALE
    options: ClassVar[type[Value]] = AutoScaleOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(AutoScaleOptions, site.options)
        self._scale: DialectScale | None = None

    async def run(self) -> None:
        if remembered := self._remembered():
            try:
                await self._drive(*remembered)
            except DeviceError as error:
                if error.code != "scale.silent":
                    raise
        name, setting = await self._recognise()
        await self._site.memory.learn(LEARNT, f"{name} {setting}")
        await self._drive(name, setting)

    def weight(self) -> Weight:
        return NOT_READY if self._scale is None else self._scale.weight()

    async def zero(self) -> None:
        await self._found().zero()

    async def tare(self) -> None:
        await self._found().tare()

    def __repr__(self) -> str:
        return f"<AutoScale {self._site.name}: {self._scale or 'not recognised'}>"

    def _found(self) -> DialectScale:
        if self._scale is None:
            raise DeviceError("scale.offline", OFFLINE)
        return self._scale

    def _remembered(self) -> tuple[str, Setting] | None:
        name, _, words = (self._site.memory.recall(LEARNT) or "").partition(" ")
        setting = Setting.parse(words)
        return (name, setting) if setting is not None and name in BY_NAME else None

    async def _drive(self, name: str, setting: Setting) -> None:
        async def opened() -> Link:
            return await self._open(setting)

        own = self._options.model_dump(exclude={"listen_ms", "probe"})
        scale = BY_NAME[name](replace(self._site, open=opened, options=own))
        assert isinstance(scale, DialectScale), "every driver of a dialect is one"
        self._scale = scale
        try:
            await scale.run()
        finally:
            self._scale = None

    async def _recognise(self) -> tuple[str, Setting]:
        """Listen, then ask if that is allowed; DeviceError `scale.unrecognised` says what to do."""
        heard = False
        for setting in LISTENING:
            ear = await self._listen(setting)
            heard = heard or ear.heard > 0
            if ear.dialect is not None:
                return ear.dialect, setting
            if not heard:
                break  # who sends nothing at one speed sends nothing at another
        if heard:
            raise DeviceError("scale.unrecognised", STRANGE)
        if not self._options.probe:
            raise DeviceError("scale.unrecognised", SILENT)
        return await self._ask()

    async def _listen(self, setting: Setting) -> Ear:
        link, ear = await self._open(setting), Ear()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.listen_ms / 1000):
                    while ear.dialect is None:
                        ear.feed(await link.read())
        finally:
            await link.close()
        return ear

    async def _ask(self) -> tuple[str, Setting]:
        for probe in PROBES:
            link = await self._open(probe.setting)
            try:
                line = ScaleLine(link, probe.dialect, self._options.reply_ms / 1000)
                name = await line.hold(probe.exchange())
            finally:
                await link.close()
            if name is not None:
                return name, probe.setting
        raise DeviceError("scale.unrecognised", UNKNOWN)

    async def _open(self, setting: Setting) -> Link:
        site = self._site
        if site.open_at is None:
            return await site.open()
        return await site.open_at(setting.baud, setting.bits, setting.parity)
