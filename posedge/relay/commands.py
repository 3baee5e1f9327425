"""Commands from headquarters: each id is executed at most once, and its answer is kept.

The id is on disk before the broker hears that we have it. A power cut in between leaves it
`accepted`: what was done is not known, so it is not done again. Rule 5 of the contract.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog
from pydantic import JsonValue

from posedge.clock import Clock
from posedge.journal.interface import Journal
from posedge.model.errors import DeviceGone, PosedgeError, ProtocolError
from posedge.model.messages import Command, Result, read, write
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Delivery, Message, Session

Verb = Callable[[Command], Awaitable[Mapping[str, JsonValue]]]
"""Does what the command says and returns its data; PosedgeError when it cannot."""

KEPT_NS = 7 * 24 * 3600 * NS_PER_S
VERB_S = 60.0
"""The default expiry of a command: nobody waits longer for its answer."""

MAX_RUNNING = 16
"""What a technician can set off at once; more is a fault at headquarters."""

_NOTE = "relay.command:"

log = structlog.get_logger()


class Commands:
    """`verbs` is the registry: what is not in it does not exist."""

    def __init__(
        self, journal: Journal, topics: BoxTopics, clock: Clock, verbs: Mapping[str, Verb]
    ) -> None:
        self._journal = journal
        self._topics = topics
        self._clock = clock
        self._verbs = verbs
        self._running: set[str] = set()

    async def take(self, session: Session, name: str, delivery: Delivery) -> None:
        """Execute or answer one delivery; a lost link leaves the answer on disk."""
        message = delivery.message
        try:
            command = read(Command, message.payload)
        except ProtocolError as error:
            return self._drop(delivery, error.message)
        if (why := self._unfit(message)) is not None:
            return self._drop(delivery, why)
        result = await self._result(name, command, delivery)
        try:
            await session.publish(_answer(message, result))
        except DeviceGone:
            log.info("command.unanswered", id=command.id, verb=name)
        return None

    async def forget(self) -> None:
        """Drop what is older than seven days."""
        now_ns = self._clock.now().utc_ns
        for name, text in (await self._journal.notes(_NOTE)).items():
            if now_ns - int(json.loads(text)["at"]) > KEPT_NS:
                await self._journal.put_note(name, None)

    async def _result(self, name: str, command: Command, delivery: Delivery) -> Result:
        if len(self._running) >= MAX_RUNNING or command.id in self._running:
            delivery.acknowledge()
            return Result(id=command.id, status="failed", code="command.busy")
        self._running.add(command.id)
        try:
            known = await self._journal.note(_NOTE + command.id)
            if known is not None:
                delivery.acknowledge()
                return Result(
                    id=command.id, status="duplicate", data={"result": json.loads(known)["result"]}
                )
            await self._store(Result(id=command.id, status="accepted"))
            delivery.acknowledge()
            result = await self._execute(name, command)
            await self._store(result)
            return result
        finally:
            self._running.discard(command.id)

    async def _execute(self, name: str, command: Command) -> Result:
        verb = self._verbs.get(name)
        if verb is None:
            return Result(id=command.id, status="failed", code="command.unknown")
        try:
            if _late(command, self._clock.now()):
                return Result(id=command.id, status="expired", code="command.expired")
            async with asyncio.timeout(VERB_S):
                data = await verb(command)
        except TimeoutError:
            return Result(id=command.id, status="failed", code="command.timeout")
        except PosedgeError as error:
            return Result(
                id=command.id, status="failed", code=error.code, data={"message": error.message}
            )
        return Result(id=command.id, status="successful", data=dict(data))

    async def _store(self, result: Result) -> None:
        kept = {"at": self._clock.now().utc_ns, "result": result.model_dump(exclude_none=True)}
        await self._journal.put_note(_NOTE + result.id, json.dumps(kept))

    def _unfit(self, message: Message) -> str | None:
        """Say what a command lacks by the contract; one that is kept would come for ever."""
        if message.retain:
            return "it is retained"
        if message.expiry_s is None:
            return "Message Expiry is missing"
        if message.correlation is None or not self._ours(message.response_topic):
            return "Response Topic or Correlation Data is missing"
        return None

    def _ours(self, topic: str | None) -> bool:
        """Answers go below our own `res/`: no command makes us publish anywhere else."""
        if topic is None or any(letter in topic for letter in "+#\0"):
            return False
        return topic.startswith(self._topics.result(""))

    def _drop(self, delivery: Delivery, why: str) -> None:
        log.warning("command.dropped", topic=delivery.message.topic, why=why)
        delivery.acknowledge()


def _answer(message: Message, result: Result) -> Message:
    assert message.response_topic is not None, "checked before anything was executed"
    return Message(
        message.response_topic,
        write(result),
        expiry_s=message.expiry_s,
        correlation=message.correlation,
    )


def _late(command: Command, now: Stamp) -> bool:
    """Whether `not_after` has passed. A clock that is not trusted condemns nothing."""
    if command.not_after is None or not now.trusted:
        return False
    try:
        limit = datetime.fromisoformat(command.not_after)
    except ValueError:
        limit = datetime.min  # noqa: DTZ901 - no time zone: refused below
    if limit.tzinfo is None:  # it would be our own zone's, wherever that is
        raise ProtocolError("command.not_after", "not_after is not an RFC 3339 time")
    return limit.timestamp() * NS_PER_S < now.utc_ns
