"""Keyboard-wedge scanners: whole scans from a thread that reads the grabbed keyboard."""

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reading import publish
from posedge.link.scan_source import ScanSource
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, ProtocolError
from posedge.model.lesson import Lesson
from posedge.model.value import Json, Value
from posedge.wire.keys import LayoutName
from posedge.wire.learn import learn
from posedge.wire.scan import Dropped
from posedge.wire.strokes import Strokes
from posedge.wire.typed import LOST, Ending, Manner

LEARNT = "manner"


class WedgeOptions(Value):
    """How the scanner is set, see Manner. `layout` is the keyboard that it imitates."""

    layout: LayoutName = "us"
    ending: Ending = Ending.AUTO
    gs: Annotated[str, Field(max_length=16)] = ""
    invert_case: bool = False

    @property
    def manner(self) -> Manner:
        return Manner(self.layout, self.ending, self.gs, self.invert_case)


class WedgeScanner:
    """One scanner that types. What it taught counts where the configuration says nothing."""

    name: ClassVar[str] = "wedge"
    kind: ClassVar[Kind] = Kind.SCANNER
    options: ClassVar[type[Value]] = WedgeOptions

    def __init__(self, site: Site[ScanSource]) -> None:
        self._site = site
        kept: Mapping[str, Json] = json.loads(site.memory.recall(LEARNT) or "{}")
        self._options = read_options(WedgeOptions, {**kept, **site.options})
        self._source: ScanSource | None = None
        self._test_code: asyncio.Future[Strokes] | None = None

    async def run(self) -> None:
        source = await self._site.open()
        try:
            await source.start(self._options.manner)
            self._source = source
            await self._site.report(None)
            while True:
                await self._serve(source)
        finally:
            self._source = None
            if self._test_code is not None and not self._test_code.done():
                self._test_code.set_exception(_away())
            await source.close()

    async def learn(self, timeout_s: float) -> Lesson:
        """See Teachable."""
        source = self._source
        if self._test_code is not None:
            raise DeviceError("lesson.busy", "Somebody is teaching this scanner: wait a minute")
        if source is None:
            raise _away()
        self._test_code = asyncio.get_running_loop().create_future()
        source.listen(None)
        try:
            lesson = await self._lesson(self._test_code, timeout_s)
            self._options = WedgeOptions.model_validate(_taught(lesson))
        finally:
            self._test_code = None
            source.listen(self._options.manner)
        await self._site.memory.learn(LEARNT, json.dumps(_taught(lesson)))
        return lesson

    async def _serve(self, source: ScanSource) -> None:
        scan = await source.read()
        waiting = self._test_code
        if waiting is None or waiting.done():
            await publish(self._site, LOST if isinstance(scan, Strokes) else scan)
        elif isinstance(scan, Strokes):
            waiting.set_result(scan)
        elif isinstance(scan, Dropped):
            waiting.set_exception(DeviceError(scan.code, scan.message))
        else:
            await publish(self._site, scan)  # it was under way when the lesson began

    async def _lesson(self, test_code: asyncio.Future[Strokes], timeout_s: float) -> Lesson:
        try:
            async with asyncio.timeout(timeout_s):
                strokes = await test_code
            lesson = learn(strokes, self._options.manner)
        except TimeoutError:
            text = "No code came: scan the test code while the box waits for it"
            raise DeviceError("lesson.silent", text) from None
        except ProtocolError as error:
            raise DeviceError(error.code, error.message) from None
        self._agrees(lesson)
        return lesson

    def _agrees(self, lesson: Lesson) -> None:
        """DeviceError when the configuration says otherwise: it would win at the next start."""
        configured = self._site.options
        for option, taught in _taught(lesson).items():
            if option in configured and configured[option] != taught:
                text = (
                    f"The scanner needs {option} = {taught!r}, and the configuration says"
                    f" {configured[option]!r}: take that out of it and restart"
                )
                raise DeviceError("lesson.overruled", text, option=option)


def _taught(lesson: Lesson) -> dict[str, Json]:
    return lesson.model_dump(mode="json", include=set(WedgeOptions.model_fields))


def _away() -> DeviceError:
    return DeviceError("lesson.away", "The scanner is not ready: plug it in, then try again")
