"""Payment providers' webhooks on their way to a box, which has no public address itself.

Headquarters knows no secrets: it hands the raw body and the signature on as a command, and
the box's driver looks at who signed it. 200 is said only when the broker has taken the command
for the box; a provider repeats what was not taken.
"""

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Request, Response

from posedge.clock import Clock, Ids
from posedge.model.errors import DeviceError
from posedge.model.messages import Command, write
from posedge.model.stamp import NS_PER_S
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import SUCCESS, Message

MAX_BODY = 64_000
"""A provider's event has a few kilobytes; a broker's packet has a limit too."""

EXPIRY_S = 300
"""A hint that is older tells the box nothing that it did not look up by itself."""

BURST, EVERY_S = 30, 1.0
"""For one box: so many at once, then one a second. Only the box can tell which are genuine."""

MAX_BOXES = 10_000
"""Boxes of which it is known how many they got; names are free to invent."""

REQUESTER = "hooks"

SIGNED_BY = (
    "stripe-signature",
    "x-square-hmacsha256-signature",
    "x-sumup-webhook-signature",
)
"""The headers that are handed on: a signature each, nothing else."""

Level = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
Device = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]

Publish = Callable[[Message], Awaitable[int]]
"""Hands a message to the broker; its reason code. DeviceError while there is none."""

Find = Callable[[str], Awaitable[BoxTopics | None]]
"""Where the fleet's list says that a box is."""


def add_hooks(
    app: FastAPI, find: Find, publish: Publish, *, clock: Clock, ids: Ids, chance: random.Random
) -> None:
    """Add the one route that the world may POST to."""
    router = APIRouter()
    allowance = Allowance()

    @router.post("/hooks/{provider}/{box}/{terminal}")
    async def hook(provider: Level, box: Level, terminal: Device, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not allowance.allows(box, asyncio.get_running_loop().time()):
            return Response(status_code=HTTPStatus.TOO_MANY_REQUESTS)
        topics = await find(box)
        if topics is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        command = Command(
            id=str(ids.new()),
            args={
                "provider": provider,
                "terminal": terminal,
                "headers": {
                    name: request.headers[name] for name in SIGNED_BY if name in request.headers
                },
                "body": base64.b64encode(body).decode(),
            },
            not_after=_later(clock),
        )
        return Response(status_code=await _hand_on(command, topics))

    async def _hand_on(command: Command, topics: BoxTopics) -> HTTPStatus:
        message = Message(
            topics.command("hook"),
            write(command),
            expiry_s=EXPIRY_S,
            response_topic=topics.result(REQUESTER),
            correlation=chance.randbytes(16),
        )
        try:
            taken = await publish(message) == SUCCESS  # else no box has ever asked for it
        except DeviceError:
            taken = False
        return HTTPStatus.OK if taken else HTTPStatus.SERVICE_UNAVAILABLE

    app.include_router(router)


class Allowance:
    """How many webhooks each box may still get; the box asked for longest ago is forgotten."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[float, float]] = {}

    def allows(self, box: str, now_s: float) -> bool:
        """Take one off, unless there is none left."""
        spent, at_s = self._spent.pop(box, (0.0, now_s))
        spent = max(0.0, spent - (now_s - at_s) / EVERY_S)
        allowed = spent + 1 <= BURST
        self._spent[box] = (spent + allowed, now_s)
        while len(self._spent) > MAX_BOXES:
            del self._spent[next(iter(self._spent))]
        return allowed


async def _body(request: Request) -> bytes | None:
    """Return the raw body; None when there is no end to it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _later(clock: Clock) -> str:
    moment_s = clock.now().utc_ns // NS_PER_S + EXPIRY_S
    return datetime.fromtimestamp(moment_s, tz=UTC).isoformat()
