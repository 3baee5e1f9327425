"""Ending each terminal's day at one time of the day, by the box's own time zone.

Nothing is ended when no money moved. A time that was missed, because the box was off, a payment
was open or the terminal away, is made up for as soon as it can be: late once, never twice.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import structlog

from posedge.clock import Clock, Ids
from posedge.model.errors import DeviceError, MisuseError, StorageError
from posedge.model.reconciliation import DayState, TerminalDay
from posedge.model.stamp import NS_PER_S
from posedge.payments.reconciliations import Reconciliations

LOOK_S = 30

RETRY_S = 900
"""After an end of day that failed: each try is two entries of the journal."""

log = structlog.get_logger()


class ClosingTime:
    """`at` None: never. `zone` None: the machine's."""

    def __init__(
        self,
        reconciliations: Reconciliations,
        clock: Clock,
        ids: Ids,
        *,
        at: str | None,
        zone: tzinfo | None = None,
    ) -> None:
        self._reconciliations = reconciliations
        self._clock = clock
        self._ids = ids
        self._at = time.fromisoformat(at) if at else None
        self._zone = zone
        self._settled: dict[str, int] = {}
        self._later: dict[str, float] = {}

    async def run(self) -> None:
        """Look every half minute until cancelled; returns at once when there is no such time."""
        while self._at is not None:
            now = self._clock.now()
            if now.trusted:
                await self._look(last_ns(now.utc_ns, self._at, self._zone))
            await asyncio.sleep(LOOK_S)

    async def _look(self, moment_ns: int) -> None:
        now_s = asyncio.get_running_loop().time()
        for day in self._reconciliations.days:
            if not day.ends:  # nobody but a person can
                continue
            waits = self._later.get(day.terminal, 0) > now_s
            if waits or _is_done(day, moment_ns) or self._settled.get(day.terminal) == moment_ns:
                continue
            try:
                await self._end(day.terminal, moment_ns)
            except DeviceError as error:  # a payment is open, or it is away: soon again
                log.info("closing.waits", terminal=day.terminal, reason=error.message)
            except (MisuseError, StorageError) as error:
                self._later[day.terminal] = now_s + RETRY_S
                log.warning("closing.refused", terminal=day.terminal, reason=error.message)

    async def _end(self, terminal: str, moment_ns: int) -> None:
        if not await self._reconciliations.owes(terminal, moment_ns):
            self._settled[terminal] = moment_ns
            return
        ended = await self._reconciliations.run(self._ids.new(), terminal, who="the box's schedule")
        if ended.state is DayState.FAILED:
            self._later[terminal] = asyncio.get_running_loop().time() + RETRY_S
        else:
            self._settled[terminal] = moment_ns


def last_ns(now_ns: int, at: time, zone: tzinfo | None = None) -> int:
    """Return when it was `at` for the last time, in nanoseconds UTC."""
    now = datetime.fromtimestamp(now_ns // NS_PER_S, tz=UTC).astimezone(zone)
    moment = _on(now.date(), at, zone)
    if moment > now:
        moment = _on(now.date() - timedelta(days=1), at, zone)
    return int(moment.timestamp()) * NS_PER_S


def _on(day: date, at: time, zone: tzinfo | None) -> datetime:
    """Combine by the zone's rules of that day: its offset today may be another one."""
    return datetime.combine(day, at, zone).astimezone(zone)


def _is_done(day: TerminalDay, moment_ns: int) -> bool:
    """Whether a day was ended behind `moment_ns`; a slip of an earlier end of day ends none."""
    last = day.last
    if last is None or last.state is DayState.FAILED or last.of is not None:
        return False
    return last.begun.utc_ns >= moment_ns
