"""Boxes' messages into the ledger, and its word back to them: "committed up to N".

What arrived while the last commit ran is the next batch, so a batch is small when it is quiet
and large under load. Messages are acknowledged to the broker after their commit; our Receive
Maximum therefore bounds what is held here. A crash between commit and Ack costs duplicates.
Several workers on shared subscriptions need session expiry 0, which is what we use anyway:
mosquitto would queue for a member that is away. Rule 4 of the contract.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from posedge.clock import Clock
from posedge.hq.batch import Standing
from posedge.hq.inbound import Answer, Item, answer, item
from posedge.hq.ledger import Ledger
from posedge.model.errors import DeviceError, DeviceGone, ProtocolError
from posedge.model.messages import MAX_RANGES, Ack, HqStatus, write
from posedge.model.stamp import NS_PER_S
from posedge.model.topics import Fleet
from posedge.model.value import Value
from posedge.mqtt.interface import Broker, Delivery, Hello, Message, Session
from posedge.tasks import Crew, Run

BATCH = 500
"""Rows per commit: above that a commit's cost is its rows, and others wait for it."""

RECEIVE_MAXIMUM = 2 * BATCH
"""One batch being committed and one being gathered."""

ACK_EXPIRY_S = 600
PUBLISHING = 50
"""Acks under way at once: boxes do not wait for each other's."""

HOLE_S = 10.0
"""How long a hole may be mere reordering; the box rewinds by itself after 3 s."""

LOOK_S = 1.0
BACKOFF_S = (0.2, 30.0)

log = structlog.get_logger()

Heard = Callable[[Answer], Awaitable[None]]


class IngestStatus(Value):
    online: bool
    reason: str | None


class Ingest:
    """One worker. `run` calls the ledger, one call after the other, off the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        run: Run,
        broker: Broker,
        *,
        tenant: str,
        client_id: str,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._ledger = ledger
        self._call = run
        self._broker = broker
        self._fleet = Fleet(tenant)
        self._client_id = client_id
        self._clock = clock
        self._chance = chance
        self._waiting: deque[tuple[Item, Delivery]] = deque()
        self._arrived = asyncio.Event()
        self._owed: dict[tuple[str, str], Ack] = {}
        self._topics: dict[tuple[str, str], str] = {}
        self._owing = asyncio.Event()
        self._holes: dict[tuple[str, str], tuple[Standing, float]] = {}
        self._reason: str | None = "not connected yet"
        self._session: Session | None = None
        self._heard: Heard | None = None

    def __repr__(self) -> str:
        return f"<Ingest {self._reason or 'online'}, {len(self._waiting)} waiting>"

    def status(self) -> IngestStatus:
        return IngestStatus(online=self._reason is None, reason=self._reason)

    def listen(self, heard: Heard) -> None:
        """Have `heard` told of boxes' answers to commands."""
        self._heard = heard

    async def publish(self, message: Message) -> int:
        """Return the PUBACK's reason; DeviceError `broker.away` when nothing was sent.

        Any other DeviceError: it may have arrived.
        """
        if self._session is None:
            raise DeviceError("broker.away", "the broker is away: try again later")
        return await self._session.publish(message)

    async def run(self) -> None:
        """Serve until cancelled. StorageError when the ledger fails: nothing is acknowledged."""
        ceiling_s = BACKOFF_S[0]
        while True:
            try:
                await self._connection()
            except DeviceError as error:
                ceiling_s = BACKOFF_S[0] if self._reason is None else ceiling_s
                self._reason = error.message
                log.warning("ingest.offline", reason=error.message)
            await asyncio.sleep(self._chance.uniform(0, ceiling_s))
            ceiling_s = min(2 * ceiling_s, BACKOFF_S[1])

    async def _connection(self) -> None:
        session = await self._broker.connect(self._hello())
        self._forget()
        try:
            async with Crew("hq.ingest") as crew:
                crew.start(self._read(session, crew), name="read")
                crew.start(self._commit(), name="commit")
                crew.start(self._answer(session, crew), name="answer")
                crew.start(self._watch(), name="watch")
                await session.subscribe(self._filters)
                await session.publish(self._presence(online=True))
                self._reason, self._session = None, session
                log.info("ingest.online")
                await crew.broken()
        except asyncio.CancelledError:
            await self._farewell(session)
            raise
        finally:
            self._session = None
            await session.close()

    @property
    def _filters(self) -> tuple[str, ...]:
        fleet = self._fleet
        return fleet.events, fleet.presence, fleet.states, fleet.results(self._client_id)

    def _forget(self) -> None:
        """Begin anew: what was not committed comes again, and boxes sync when they see us."""
        self._waiting.clear()
        self._owed.clear()
        self._holes.clear()

    async def _read(self, session: Session, crew: Crew) -> None:
        async for delivery in session.deliveries():
            try:
                if (found := answer(delivery.message)) is not None:
                    crew.start(self._pass_on(found, delivery), name=f"answer-{found.topics.box}")
                    continue
                self._waiting.append((item(delivery.message), delivery))
            except ProtocolError as error:
                log.warning("ingest.foreign", topic=delivery.message.topic, why=error.message)
                delivery.acknowledge()
            self._arrived.set()

    async def _pass_on(self, found: Answer, delivery: Delivery) -> None:
        if self._heard is not None:
            await self._heard(found)
        delivery.acknowledge()

    async def _commit(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._batch()

    async def _batch(self) -> None:
        size = min(BATCH, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(size)]
        items = [found for found, _ in batch]
        received = self._clock.now().rfc3339
        standings = await self._call(lambda: self._ledger.commit(items, received=received))
        for _, delivery in batch:
            delivery.acknowledge()
        for standing in standings:
            self._note(standing)

    def _note(self, standing: Standing) -> None:
        """Owe the box an Ack, and remember since when it has a hole."""
        key = (standing.topics.box, standing.stream)
        self._owe(standing)
        held = self._holes.pop(key, None)
        if standing.hole is not None:
            same = held is not None and held[0].upto == standing.upto
            since = held[1] if held is not None and same else asyncio.get_running_loop().time()
            self._holes[key] = (standing, since)

    def _owe(self, standing: Standing, *, need: tuple[tuple[int, int], ...] = ()) -> None:
        key = (standing.topics.box, standing.stream)
        before = self._owed.get(key)
        rejects = (before.reject if before else ()) + standing.rejects
        self._owed[key] = Ack(
            stream=standing.stream, upto=standing.upto, need=need, reject=rejects[-MAX_RANGES:]
        )
        self._topics[key] = standing.topics.ack
        self._owing.set()

    async def _answer(self, session: Session, crew: Crew) -> None:
        """Publish what is owed; an Ack that waits is replaced by its successor."""
        slots = asyncio.Semaphore(PUBLISHING)
        while True:
            await self._owing.wait()
            self._owing.clear()
            while self._owed:
                await slots.acquire()
                key = next(iter(self._owed))
                message = Message(
                    self._topics[key], write(self._owed.pop(key)), expiry_s=ACK_EXPIRY_S
                )
                crew.start(_send(session, message, slots), name=f"ack-{key[0]}")

    async def _watch(self) -> None:
        """Name holes that stay open, to the box and in the ledger."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            for key, (standing, since) in tuple(self._holes.items()):
                if standing.hole is None or loop.time() - since < HOLE_S:
                    continue
                await self._name(standing)
                if self._holes.get(key) == (standing, since):
                    self._holes[key] = (standing, loop.time())

    async def _name(self, standing: Standing) -> None:
        assert standing.hole is not None, "only holes are named"
        log.warning("ingest.gap", box=standing.topics.box, missing=standing.hole)
        received = self._clock.now().rfc3339
        await self._call(lambda: self._ledger.missing(standing, received=received))
        self._owe(standing, need=(standing.hole,))

    def _hello(self) -> Hello:
        return Hello(
            client_id=self._client_id,
            will=self._presence(online=False),
            receive_maximum=RECEIVE_MAXIMUM,
        )

    def _presence(self, *, online: bool) -> Message:
        now_s = self._clock.now().utc_ns // NS_PER_S
        status = HqStatus(online=online, timestamp=now_s)
        return Message(self._fleet.headquarters, write(status), retain=True)

    async def _farewell(self, session: Session) -> None:
        with suppress(DeviceGone):
            await session.publish(self._presence(online=False))


async def _send(session: Session, message: Message, slots: asyncio.Semaphore) -> None:
    with suppress(DeviceGone):  # the reader says it; the box syncs and is told again
        await session.publish(message)
    slots.release()
