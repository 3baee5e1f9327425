"""The go-live checks of a box: begun once, never with real money unless asked twice, and kept.

How a terminal is tried is loaded with the first check: most boxes see one in their life.
"""

from typing import Protocol

import posedge
from posedge.model.errors import DeviceBusy, MisuseError, NotFoundError
from posedge.model.rehearsal import Rehearsal, Rehearsing
from posedge.model.terminal import Terminal
from posedge.tasks import Crew
from posedge.terminals.cabinet import Cabinet
from posedge.terminals.overview import known
from posedge.terminals.plan import plan
from posedge.terminals.report import Report, entry
from posedge.terminals.surroundings import Surroundings

UNTOLD = Rehearsal(test_mode=False, currency="EUR")
"""Of a terminal that says nothing of it: it may be one that takes real money."""


class Running(Protocol):
    """A check at work: a posedge.terminals.course.Course."""

    @property
    def report(self) -> Report: ...

    async def run(self) -> Report: ...

    async def stop(self) -> None: ...


class Checks:
    """One per box; `load` once before the first use."""

    def __init__(self, around: Surroundings, cabinet: Cabinet, crew: Crew) -> None:
        self._around = around
        self._cabinet = cabinet
        self._crew = crew
        self._running: dict[str, Running] = {}
        self._last: dict[str, Report] = {}

    async def load(self) -> None:
        self._last = dict(await self._cabinet.load())

    @property
    def reports(self) -> tuple[Report, ...]:
        """The running or last report of each terminal that was ever checked."""
        now = {name: course.report for name, course in self._running.items()}
        return tuple({**self._last, **now}.values())

    def report(self, terminal: str) -> Report:
        """Return the running check's report, else the last one; NotFoundError `check.missing`."""
        for each in self.reports:
            if each.terminal == terminal:
                return each
        text = f"{terminal!r} was never checked: POST /v1/terminals/NAME/check begins"
        raise NotFoundError("check.missing", text)

    def start(
        self, number: str, terminal: str, *, real_money: bool, confirm: str, who: str
    ) -> Report:
        """Begin; return the report as it is now. The same number again begins nothing.

        DeviceBusy `check.running`: another check of this terminal runs. MisuseError
        `check.live`: it is not known to stand in its test mode, and real money was not asked for
        twice: by `real_money`, and by its name in `confirm`. DeviceError: it is away.
        """
        from posedge.terminals.course import Course  # noqa: PLC0415 - see the top

        before = next((each for each in self.reports if each.id == number), None)
        if before is not None:
            return before
        status = known(self._around.devices, terminal)
        if terminal in self._running:
            raise DeviceBusy("check.running", f"a check of {terminal} runs: wait, or stop it")
        _, device = self._around.devices.find(Terminal, terminal)  # type: ignore[type-abstract]
        rehearsal = device.rehearsal if isinstance(device, Rehearsing) else UNTOLD
        allow(rehearsal, terminal, real_money=real_money, confirm=confirm)
        steps = plan(rehearsal)
        report = Report(
            id=number,
            terminal=terminal,
            driver=status.driver,
            port=status.port,
            version=posedge.__version__,
            who=who,
            test_mode=rehearsal.test_mode,
            started=self._around.clock.now(),
            entries=tuple(entry(each) for each in steps),
        )
        course = Course(self._around, report, steps, rehearsal.currency)
        self._running[terminal] = course
        self._crew.start(self._run(course), name=f"check.{number}")
        return report

    async def stop(self, terminal: str) -> Report:
        """Try nothing more; what runs is asked to end. NotFoundError `check.missing`."""
        course = self._running.get(terminal)
        if course is not None:
            await course.stop()
        return self.report(terminal)

    async def _run(self, course: Running) -> None:
        terminal = course.report.terminal
        try:
            report = await course.run()
            await self._cabinet.put(report)
            self._last[terminal] = report
        finally:
            del self._running[terminal]


def allow(rehearsal: Rehearsal, terminal: str, *, real_money: bool, confirm: str) -> None:
    """Raise MisuseError unless no real money moves, or it was asked for twice."""
    if rehearsal.test_mode or (real_money and confirm == terminal):
        return
    if real_money:
        raise MisuseError("check.live", f"real money would move: confirm with the name {terminal}")
    raise MisuseError(
        "check.live",
        f"{terminal} is not known to stand in its test mode: switch that on (and say so in its"
        " options), or ask for real money",
    )
