"""What the box reports of itself, and what headquarters wishes it to be (rule 6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog
from pydantic import JsonValue

from posedge.journal.interface import Journal
from posedge.model.errors import PosedgeError, ProtocolError
from posedge.model.messages import Desired, Reported, read, write
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message, Session

Reading = Callable[[], Mapping[str, JsonValue]]
"""Returns what is so now; cheap, it is called every second."""

Applier = Callable[[Mapping[str, JsonValue]], Awaitable[None]]
"""Makes a desired state so; PosedgeError when it is refused, which headquarters is told."""

LOOK_S = 1.0

log = structlog.get_logger()


class Shadow:
    """`states` are reported when they change; `appliers` are the desired states that exist."""

    def __init__(
        self,
        journal: Journal,
        topics: BoxTopics,
        *,
        states: Mapping[str, Reading],
        appliers: Mapping[str, Applier],
    ) -> None:
        self._journal = journal
        self._topics = topics
        self._states = states
        self._appliers = appliers
        self._outcomes: dict[str, Reported] = {}
        self._news = asyncio.Event()

    async def run(self, session: Session) -> None:
        """Report everything once, then what changes, until the connection ends."""
        reported: dict[str, Mapping[str, JsonValue]] = {}
        while True:
            self._news.clear()
            await self._tell(session)
            for name, reading in self._states.items():
                state = dict(reading())
                if reported.get(name) != state:
                    await self._report(session, name, Reported(version=0, state=state))
                    reported[name] = state
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()

    async def desired(self, name: str, payload: bytes) -> None:
        """Apply a desired state that is newer than the applied one; `run` reports the outcome.

        Sends nothing: whoever reads the connection may not wait for an answer that it brings.
        """
        try:
            wish = read(Desired, payload)
        except ProtocolError as unreadable:
            log.warning("desired.unreadable", name=name, why=unreadable.message)
            return
        applied = int(await self._journal.note(f"relay.desired:{name}") or "-1")
        if wish.version <= applied:
            return
        error = await self._apply(name, wish)
        if error is None:
            await self._journal.put_note(f"relay.desired:{name}", str(wish.version))
        self._outcomes[name] = Reported(
            version=0,
            desired_version=wish.version,
            status="rejected" if error else "applied",
            error=error,
            state={} if error else wish.state,
        )
        self._news.set()

    async def _tell(self, session: Session) -> None:
        """Report outcomes; one that the link swallows is told over the next."""
        while self._outcomes:
            name, outcome = next(iter(self._outcomes.items()))
            await self._report(session, name, outcome)
            if self._outcomes[name] is outcome:
                del self._outcomes[name]

    async def _apply(self, name: str, wish: Desired) -> str | None:
        applier = self._appliers.get(name)
        if applier is None:
            return f"desired.unknown: this version knows no desired state {name!r}"
        try:
            await applier(wish.state)
        except PosedgeError as error:
            return f"{error.code}: {error.message}"
        return None

    async def _report(self, session: Session, name: str, report: Reported) -> None:
        """Publish under the next number, which is durable before."""
        note = f"relay.reported:{name}"
        version = int(await self._journal.note(note) or "0") + 1
        await self._journal.put_note(note, str(version))
        numbered = report.model_copy(update={"version": version})
        await session.publish(Message(self._topics.state(name), write(numbered), retain=True))
