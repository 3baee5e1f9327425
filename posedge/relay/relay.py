"""The box's one connection to headquarters: presence, and whoever speaks over it.

A connection is one crew: the reader, the outbox and the shadow live and end together. A session
number, +1 on disk before each CONNECT, ties a last will to the birth that it belongs to.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

import structlog
from pydantic import JsonValue

from posedge.bus import Bus
from posedge.clock import Clock
from posedge.journal.interface import Journal
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import RelayChanged
from posedge.model.messages import Command
from posedge.model.status import RelayStatus
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Broker, Session
from posedge.relay.commands import Commands, Verb
from posedge.relay.dispatch import Dispatch
from posedge.relay.outbox import Outbox
from posedge.relay.presence import Presence
from posedge.relay.settings import RelaySettings
from posedge.relay.shadow import Applier, Reading, Shadow
from posedge.tasks import Crew

BACKOFF_S = (1.0, 60.0)
"""Full jitter from the first to the second: 5,000 boxes cost a broker 5 s of one core."""

STEADY_S = 10.0
"""A connection that held this long begins the back-off anew; a shorter one is part of it."""

KEEP_S = 1.0
FORGET_S = 3600.0
FAREWELL_S = 2.0

log = structlog.get_logger()


class Relay:
    """One per box; `broker` None when no headquarters is configured."""

    def __init__(
        self,
        journal: Journal,
        broker: Broker | None,
        topics: BoxTopics,
        *,
        settings: RelaySettings,
        clock: Clock,
        chance: random.Random,
        version: str,
        bus: Bus | None = None,
        states: Mapping[str, Reading] | None = None,
        verbs: Mapping[str, Verb] | None = None,
        appliers: Mapping[str, Applier] | None = None,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._clock = clock
        self._chance = chance
        self._bus = bus
        self._presence = Presence(journal, topics, settings, version)
        self._outbox = Outbox(journal, topics)
        self._shadow = Shadow(journal, topics, states=states or {}, appliers=appliers or {})
        own: dict[str, Verb] = {"ping": self._ping, "status": self._say_status}
        self._commands = Commands(journal, topics, clock, {**own, **(verbs or {})})
        self._dispatch = Dispatch(topics, self._outbox, self._shadow, self._commands)
        self._session: tuple[Session, int] | None = None
        self._reason: str | None = "not connected yet"
        self._since: str | None = None

    def __repr__(self) -> str:
        return f"<Relay {self._topics.box}: {self._reason or 'online'}, {self._outbox!r}>"

    def wake(self) -> None:
        """Say that the journal grew: whoever appends calls it."""
        self._outbox.wake()

    def status(self) -> RelayStatus:
        configured = self._broker is not None
        reason = self._outbox.rejected or self._reason or self._outbox.alarm
        return RelayStatus(
            configured=configured,
            online=self._session is not None,
            reason=reason if configured else "no headquarters is configured",
            acked=self._outbox.acked,
            behind=self._outbox.behind,
            oldest_unsent=self._outbox.oldest,
            since=self._since,
        )

    async def run(self) -> None:
        """Serve until cancelled; returns at once when no headquarters is configured."""
        if self._broker is None:
            return
        await self._outbox.load()
        try:
            async with Crew("relay") as crew:
                crew.start(self._keep(), name="keep")
                crew.start(self._forget(), name="forget")
                crew.start(self._connections(self._broker, crew), name="connections")
                await crew.broken()
        finally:
            with suppress(TimeoutError):  # a disk that hangs may not keep the box from stopping
                async with asyncio.timeout(FAREWELL_S):
                    await self._outbox.keep()

    async def drain(self, within_s: float) -> bool:
        """Tell headquarters that the box is about to stop, and send what is left; True if all."""
        if self._session is None:
            return not self._outbox.behind
        session, number = self._session
        with suppress(DeviceGone, TimeoutError):
            async with asyncio.timeout(within_s):
                await session.publish(self._presence.message("draining", number))
                while self._outbox.behind:  # noqa: ASYNC110 - bounded, and seconds from the end
                    await asyncio.sleep(0.02)
        return not self._outbox.behind

    async def _connections(self, broker: Broker, crew: Crew) -> None:
        loop = asyncio.get_running_loop()
        ceiling_s = BACKOFF_S[0]
        while True:
            began = loop.time()
            try:
                await self._connection(broker, crew)
            except DeviceError as error:
                await self._changed(error.message)
            if loop.time() - began >= STEADY_S:
                ceiling_s = BACKOFF_S[0]
            await asyncio.sleep(self._chance.uniform(0, ceiling_s))
            ceiling_s = min(2 * ceiling_s, BACKOFF_S[1])

    async def _connection(self, broker: Broker, owner: Crew) -> None:
        number = await self._presence.next_number()
        session = await broker.connect(self._presence.hello(number))
        try:
            async with Crew("relay.session") as crew:
                await session.subscribe(self._dispatch.filters)
                crew.start(self._dispatch.run(session, owner), name="read")
                crew.start(
                    _while_connected(partial(self._outbox.run, session, number)), name="outbox"
                )
                crew.start(
                    _while_connected(partial(self._introduce, session, number)), name="introduce"
                )
                await crew.broken()
        except asyncio.CancelledError:
            await self._farewell(session, number)
            raise
        finally:
            self._session = None
            await session.close()

    async def _introduce(self, session: Session, number: int) -> None:
        """Say that we are here, then report states as they change."""
        self._session = (session, number)
        await self._changed(None)
        await session.publish(self._presence.message("online", number, since=self._since))
        await self._shadow.run(session)

    async def _keep(self) -> None:
        """Save the cursor, at most once a second: on an SD card each fsync counts."""
        while True:
            await self._outbox.keep()
            await asyncio.sleep(KEEP_S)
            await self._outbox.changed()

    async def _forget(self) -> None:
        while True:
            await self._commands.forget()
            await asyncio.sleep(FORGET_S)

    async def _farewell(self, session: Session, number: int) -> None:
        with suppress(DeviceGone, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await session.publish(self._presence.message("offline", number, reason="stopped"))

    async def _changed(self, reason: str | None) -> None:
        """Announce that we are online (None) or for which reason we are not."""
        if self._reason == reason:
            return
        if self._since is None or (reason is None) != (self._reason is None):
            self._since = self._clock.now().rfc3339
        self._reason = reason
        log.info("relay.changed", online=reason is None, reason=reason)
        if self._bus is not None:
            happened = RelayChanged(at=self._clock.now(), online=reason is None, reason=reason)
            await self._bus.publish(happened)

    async def _ping(self, _: Command) -> Mapping[str, JsonValue]:
        return {"time": self._clock.now().rfc3339}

    async def _say_status(self, _: Command) -> Mapping[str, JsonValue]:
        return self.status().model_dump(mode="json")


async def _while_connected(serve: Callable[[], Awaitable[None]]) -> None:
    """Run what needs the link; that it ended is the reader's to say."""
    with suppress(DeviceGone):
        await serve()
