"""What the box reports of itself, and what headquarters wishes it to be (rule 6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

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

    async def run(self, session: Session) -> None:
        """Report everything once, then what changes, until the connection ends."""
        reported: dict[str, Mapping[str, JsonValue]] = {}
        while self._states:
            for name, reading in self._states.items():
                state = dict(reading())
                if reported.get(name) != state:
                    await self._report(session, name, state)
                    reported[name] = state
            await asyncio.sleep(LOOK_S)

    async def desired(self, session: Session, name: str, payload: bytes) -> None:
        """Apply a desired state that is newer than the applied one, and report the outcome."""
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
        await self._report(session, name, {} if error else wish.state, wish=wish, error=error)

    async def _apply(self, name: str, wish: Desired) -> str | None:
        applier = self._appliers.get(name)
        if applier is None:
            return f"desired.unknown: this version knows no desired state {name!r}"
        try:
            await applier(wish.state)
        except PosedgeError as error:
            return f"{error.code}: {error.message}"
        return None

    async def _report(
        self,
        session: Session,
        name: str,
        state: Mapping[str, JsonValue],
        *,
        wish: Desired | None = None,
        error: str | None = None,
    ) -> None:
        note = f"relay.reported:{name}"
        version = int(await self._journal.note(note) or "0") + 1
        await self._journal.put_note(note, str(version))
        report = Reported(version=version, error=error, state=dict(state))
        if wish is not None:
            outcome = "rejected" if error else "applied"
            report = report.model_copy(update={"desired_version": wish.version, "status": outcome})
        await session.publish(Message(self._topics.state(name), write(report), retain=True))
