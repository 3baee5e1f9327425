"""A broker in memory, with MQTT 5's promises and the lies that real ones tell.

Keeps: QoS 1 with acknowledgement by the receiver, sessions and their expiry, retained messages,
wills with delay, message expiry, Receive Maximum, PUBACK 0x10, shared subscriptions.
Breaks on demand: `down`/`up` (with or without its memory), `cut` of one client, `refuse` by rule,
and by chance, per PUBLISH: lost although acknowledged, delivered twice, delivered late (and so
out of order), PUBACK lost (the connection then ends, as the client takes it for cut).
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from posedge.model.errors import DeviceError, DeviceGone
from posedge.mqtt.interface import (
    FAILURE,
    NO_MATCHING_SUBSCRIBERS,
    SUCCESS,
    Delivery,
    Hello,
    Message,
)


@dataclass
class Faults:
    """Chances from 0 to 1 per PUBLISH, and the span of delays in seconds."""

    lost: float = 0
    twice: float = 0
    late: float = 0
    late_s: float = 2.0
    puback_lost: float = 0
    latency_s: tuple[float, float] = (0.001, 0.02)


def _permit(client: str, topic: str) -> int:
    return SUCCESS


@dataclass
class _Client:
    """What the broker keeps of a client id; `held` are deliveries it has not acknowledged."""

    hello: Hello
    filters: list[str] = field(default_factory=list)
    queued: deque[tuple[Message, float | None]] = field(default_factory=deque)
    held: dict[int, tuple[Message, float | None]] = field(default_factory=dict)
    session: "MemorySession | None" = None
    left_at: float = 0
    will_due: asyncio.TimerHandle | None = None


class MemoryBroker:
    """Implements posedge.mqtt.interface.Broker on the running loop's clock."""

    def __init__(
        self,
        chance: random.Random | None = None,
        *,
        faults: Faults | None = None,
        receive_maximum: int = 100,
        answer_s: float = 5.0,
    ) -> None:
        self.chance = chance or random.Random(0)
        self.faults = faults or Faults()
        self.receive_maximum = receive_maximum
        self.answer_s = answer_s
        self.refuse: Callable[[str, str], int] = _permit
        self.retained: dict[str, Message] = {}
        self.published: list[tuple[str, Message]] = []
        self.connects = 0
        self._clients: dict[str, _Client] = {}
        self._up = True
        self._turn = 0
        self._ids = 0

    async def connect(self, hello: Hello) -> "MemorySession":
        await asyncio.sleep(self._delay())
        if not self._up:
            raise DeviceError("broker.unreachable", "no broker: connection refused")
        self.connects += 1
        now = asyncio.get_running_loop().time()
        known = self._clients.get(hello.client_id)
        if known is not None:
            if known.session is not None:
                self.cut(hello.client_id, will=False)
            if known.will_due is not None:
                known.will_due.cancel()
            if now - known.left_at > known.hello.session_expiry_s:
                known = None
        client = _Client(hello) if known is None else replace(known, hello=hello, will_due=None)
        self._clients[hello.client_id] = client
        client.session = MemorySession(self, hello.client_id)
        client.queued.extendleft(reversed(client.held.values()))
        client.held = {}
        self._pump(client)
        return client.session

    def down(self, *, forget: bool = False) -> None:
        """Kill the broker: no will is published. `forget`: what it held was in RAM only."""
        self._up = False
        for name in self._clients:
            self.cut(name, will=False)
        if forget:
            self._clients.clear()
            self.retained.clear()

    def up(self) -> None:
        self._up = True

    @property
    def is_up(self) -> bool:
        return self._up

    def cut(self, client_id: str, *, will: bool = True) -> None:
        """End one client's connection as a pulled cable would."""
        client = self._clients.get(client_id)
        if client is None or client.session is None:
            return
        session, client.session = client.session, None
        client.left_at = asyncio.get_running_loop().time()
        session.lose()
        if will:
            client.will_due = asyncio.get_running_loop().call_later(
                client.hello.will_delay_s, self._route, client_id, client.hello.will
            )

    def online(self, client_id: str) -> bool:
        client = self._clients.get(client_id)
        return client is not None and client.session is not None

    def subscribe(self, client_id: str, filters: Sequence[str]) -> None:
        client = self._clients[client_id]
        client.filters.extend(name for name in filters if name not in client.filters)
        for name in filters:
            for message in self.retained.values():
                if not name.startswith("$share/") and matches(name, message.topic):
                    client.queued.append((message, None))
        self._pump(client)

    def send(self, client_id: str, message: Message) -> int:
        """Take a PUBLISH; the PUBACK's reason code."""
        code = self.refuse(client_id, message.topic)
        if code >= FAILURE:
            return code
        self.published.append((client_id, message))
        if self.chance.random() < self.faults.lost:
            return SUCCESS
        copies = 2 if self.chance.random() < self.faults.twice else 1
        code = SUCCESS if self._targets(message.topic) else NO_MATCHING_SUBSCRIBERS
        for _ in range(copies):
            if self.chance.random() < self.faults.late:
                asyncio.get_running_loop().call_later(
                    self.chance.uniform(0, self.faults.late_s), self._route, client_id, message
                )
            else:
                self._route(client_id, message)
        return code

    def take(self, client_id: str, number: int) -> None:
        client = self._clients.get(client_id)
        if client is not None and client.held.pop(number, None) is not None:
            self._pump(client)

    def leave(self, client_id: str, session: "MemorySession") -> None:
        """DISCONNECT in order: no will."""
        client = self._clients.get(client_id)
        if client is not None and client.session is session:
            self.cut(client_id, will=False)

    def delay(self) -> float:
        return self._delay()

    def _delay(self) -> float:
        return self.chance.uniform(*self.faults.latency_s)

    def _route(self, sender: str, message: Message) -> None:
        if message.retain:
            if message.payload:
                self.retained[message.topic] = message
            else:
                self.retained.pop(message.topic, None)
        now = asyncio.get_running_loop().time()
        dies_at = None if message.expiry_s is None else now + message.expiry_s
        for client in self._targets(message.topic):
            client.queued.append((replace(message, retain=False), dies_at))
            self._pump(client)

    def _targets(self, topic: str) -> list[_Client]:
        found: list[_Client] = []
        groups: dict[str, list[_Client]] = {}
        for client in self._clients.values():
            if client.session is None and client.hello.session_expiry_s == 0:
                continue
            for name in client.filters:
                if name.startswith("$share/"):
                    _, group, shared = name.split("/", 2)
                    if matches(shared, topic):
                        groups.setdefault(group, []).append(client)
                elif matches(name, topic):
                    found.append(client)
                    break
        for members in groups.values():
            self._turn += 1
            found.append(members[self._turn % len(members)])
        return found

    def _pump(self, client: _Client) -> None:
        now = asyncio.get_running_loop().time()
        while (
            client.session is not None
            and client.queued
            and len(client.held) < client.hello.receive_maximum
        ):
            message, dies_at = client.queued.popleft()
            if dies_at is not None and dies_at <= now:
                continue
            if dies_at is not None:
                message = replace(message, expiry_s=round(dies_at - now))
            self._ids += 1
            client.held[self._ids] = (message, dies_at)
            client.session.receive(message, self._ids)


class MemorySession:
    """One connection to a MemoryBroker."""

    def __init__(self, broker: MemoryBroker, client_id: str) -> None:
        self._broker = broker
        self._client_id = client_id
        self._incoming: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._lost = asyncio.get_running_loop().create_future()

    @property
    def receive_maximum(self) -> int:
        return self._broker.receive_maximum

    async def subscribe(self, filters: Sequence[str]) -> None:
        await self._travel()
        self._broker.subscribe(self._client_id, filters)

    async def publish(self, message: Message) -> int:
        self._check()
        broker = self._broker
        if message.qos and broker.chance.random() < broker.faults.puback_lost:
            broker.send(self._client_id, message)
            await self._silence()
        code = broker.send(self._client_id, message)
        await self._travel()
        return code if message.qos else SUCCESS

    async def deliveries(self) -> AsyncIterator[Delivery]:
        while True:
            while self._incoming:
                yield self._incoming.popleft()
            self._check()
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        self._broker.leave(self._client_id, self)

    def receive(self, message: Message, number: int) -> None:
        self._incoming.append(Delivery(message, lambda: self._broker.take(self._client_id, number)))
        self._news.set()

    def lose(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)
        self._incoming.clear()
        self._news.set()

    def _check(self) -> None:
        if self._lost.done():
            raise DeviceGone("broker.lost", "the link was cut")

    async def _travel(self) -> None:
        await asyncio.wait([self._lost], timeout=self._broker.delay())
        self._check()

    async def _silence(self) -> None:
        await asyncio.wait([self._lost], timeout=self._broker.answer_s)
        self._check()
        self._broker.cut(self._client_id)
        raise DeviceGone("broker.silent", "no PUBACK: the link is taken as cut")


def matches(name: str, topic: str) -> bool:
    """Whether a topic filter takes a topic (MQTT 5.0 §4.7)."""
    wanted, given = name.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(given) or level not in {"+", given[place]}:
            return False
    return len(wanted) == len(given)
