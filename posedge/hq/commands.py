"""Commands to boxes: stored before they are sent, sent once, and what the box said beside them.

Only verbs of the list leave here. A box executes an id at most once, so nothing is sent again
behind anybody's back: who wants it again asks under a new id.
"""

import json
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

import structlog
from pydantic import Field, JsonValue

from posedge.clock import Clock
from posedge.hq.book import CommandBook, Told
from posedge.hq.inbound import Answer
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.messages import Command, write
from posedge.model.stamp import NS_PER_S
from posedge.model.topics import BoxTopics
from posedge.model.value import Value
from posedge.mqtt.interface import FAILURE, NO_MATCHING_SUBSCRIBERS, Message
from posedge.tasks import Run

MAX_EXPIRY_S = 86_400
MAX_ARGS = 8_192
"""Bytes of JSON: who, why and what evidence have 1,100 characters together."""

log = structlog.get_logger()

Publish = Callable[[Message], Awaitable[int]]


class CommandRequest(Value):
    """`id` is the idempotency key. `expires_s`: later the box does not begin it any more."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    verb: Literal["ping", "status", "reconcile", "resolve-case", "resolve-payment"]
    args: dict[str, JsonValue] = Field(default_factory=dict)
    dry_run: bool = False
    expires_s: Annotated[int, Field(ge=5, le=MAX_EXPIRY_S)] = 60


class Commands:
    """`run` calls the book off the event loop."""

    def __init__(
        self,
        book: CommandBook,
        run: Run,
        publish: Publish,
        *,
        requester: str,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._book = book
        self._call = run
        self._publish = publish
        self._requester = requester
        self._clock = clock
        self._chance = chance

    async def send(self, box: str, wish: CommandRequest) -> Told:
        """Send a command once; the same id again returns what became of it.

        NotFoundError `box.unknown`; ConflictError `command.conflict`; MisuseError `command.long`.
        """
        args = json.dumps(wish.args, sort_keys=True)
        if len(args.encode()) > MAX_ARGS:
            raise MisuseError("command.long", f"args have more than {MAX_ARGS} bytes")
        now_s = self._clock.now().utc_ns // NS_PER_S
        correlation = self._chance.randbytes(16)
        told = Told(
            id=wish.id,
            box=box,
            verb=wish.verb,
            args=args,
            dry_run=wish.dry_run,
            at=_rfc3339(now_s),
            not_after=_rfc3339(now_s + wish.expires_s),
            status="sending",
        )
        topics = await self._call(lambda: self._book.begin(told, correlation))
        if topics is None:
            return await self._call(lambda: self._book.get(wish.id))
        status, code = await self._leave(topics, wish, told.not_after, correlation)
        return await self._call(lambda: self._book.sent(wish.id, status, code))

    async def answered(self, answer: Answer) -> None:
        """Keep a box's answer; one that fits no command of ours is told and left."""
        data = json.dumps(answer.result.data, sort_keys=True)
        at = self._clock.now().rfc3339
        known = await self._call(lambda: self._book.answered(answer, data, at))
        if not known:
            log.warning("command.foreign_answer", box=answer.topics.box, id=answer.result.id)

    async def _leave(
        self, topics: BoxTopics, wish: CommandRequest, not_after: str, correlation: bytes
    ) -> tuple[str, str | None]:
        """Publish; a line that breaks meanwhile leaves it open whether the box has it."""
        command = Command(id=wish.id, args=wish.args, not_after=not_after, dry_run=wish.dry_run)
        message = Message(
            topics.command(wish.verb),
            write(command),
            expiry_s=wish.expires_s,
            response_topic=topics.result(self._requester),
            correlation=correlation,
        )
        try:
            reason = await self._publish(message)
        except DeviceError as error:
            away = error.code == "broker.away"
            return ("failed" if away else "sent"), error.code
        if reason == NO_MATCHING_SUBSCRIBERS:
            return "failed", "box.away"
        return ("failed", "broker.refused") if reason >= FAILURE else ("sent", None)


def _rfc3339(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
