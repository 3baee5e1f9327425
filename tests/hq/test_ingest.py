"""Ingest against a broker in memory, on virtual time; the test plays the box."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from posedge.hq.ingest import BATCH, HOLE_S, Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.model.entry import Draft, Entry, seal
from posedge.model.errors import DeviceError, StorageError
from posedge.model.messages import Ack, HqStatus, Reject, Sync, read, write
from posedge.model.stamp import Stamp
from posedge.model.topics import BoxTopics, Fleet
from posedge.mqtt.interface import Hello, Message
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.broker import MemoryBroker, MemorySession
from tests.doubles.simloop import SimClock, SimLoop, simulate

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
STREAM = "9f3c1a7be0425d18"
AT = Stamp(utc_ns=1_795_424_000_000_000_000, monotonic_ns=1, boot_id="b", trusted=True)


def chain(count: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, count + 1):
        draft = Draft(f"id-{number}", "sale.completed", f"sale/{number}", AT, {})
        prevhash = entries[-1].hash if entries else STREAM
        entries.append(
            seal(draft, stream=STREAM, source=BOX.source, sequence=number, prevhash=prevhash)
        )
    return entries


class Scene:
    def __init__(self, crew: Crew, path: Path) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.crew = crew
        self.broker = MemoryBroker(random.Random(1))
        self.ledger = Ledger(f"sqlite:///{path}/hq.db")
        self.clock = SimClock(loop)
        self.acks: list[Ack] = []
        self.presence: list[bool] = []
        self.start()

    def start(self) -> None:
        self.ingest = Ingest(
            self.ledger,
            Worker("ledger").run,
            self.broker,
            tenant="acme",
            client_id="hq-ingest",
            clock=self.clock,
            chance=random.Random(2),
        )
        self.task = self.crew.start(self.ingest.run(), name="hq")

    async def box(self) -> MemorySession:
        session = await self.broker.connect(
            Hello(client_id=BOX.box, will=Message("x", b""), receive_maximum=50)
        )
        await session.subscribe((BOX.ack, BOX.headquarters))
        self.crew.start(self._listen(session), name="box")
        await self.until(lambda: self.ingest.status().online)
        return session

    async def _listen(self, session: MemorySession) -> None:
        try:
            async for delivery in session.deliveries():
                if delivery.message.topic == BOX.ack:
                    self.acks.append(read(Ack, delivery.message.payload))
                else:
                    self.presence.append(read(HqStatus, delivery.message.payload).online)
                delivery.acknowledge()
        except DeviceError:
            return

    async def send(self, session: MemorySession, *entries: Entry) -> None:
        for entry in entries:
            await session.publish(Message(BOX.event("sale"), entry.body))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(120):
            while not condition():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)


def play(path: Path, scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with Crew("scene") as crew:
            made = Scene(crew, path)
            await scene(made)
            if not made.task.done():
                await cancel(made.task)
            made.ledger.close()

    simulate(run())


def test_sync_is_answered_at_once(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        sync = Sync(stream=STREAM, first=1, last=5, acked=2)
        began = s.loop.time()
        await box.publish(Message(BOX.sync, write(sync)))
        await s.until(lambda: s.acks)
        assert s.acks == [Ack(stream=STREAM, upto=0)]
        assert s.loop.time() - began < 0.2

    play(tmp_path, scene)


def test_entries_are_committed_and_then_acknowledged(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        await s.send(box, *chain(20))
        await s.until(lambda: s.acks and s.acks[-1].upto == 20)
        uptos = [ack.upto for ack in s.acks]
        assert uptos == sorted(uptos)
        assert Queries(s.ledger).counts().entries == 20

    play(tmp_path, scene)


def test_hole_is_named_after_ten_seconds_and_mended(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        entries = chain(5)
        await s.send(box, entries[0], *entries[3:])
        began = s.loop.time()
        await s.until(lambda: s.acks and s.acks[-1].need)
        assert HOLE_S <= s.loop.time() - began < HOLE_S + 2
        assert s.acks[-1] == Ack(stream=STREAM, upto=1, need=((2, 3),))
        s.acks.clear()
        await s.until(lambda: s.acks)
        assert s.acks[-1].need == ((2, 3),)
        await s.send(box, entries[1])
        await s.until(lambda: s.acks[-1].upto == 2)
        await s.send(box, entries[2])
        await s.until(lambda: s.acks[-1].upto == 5)
        assert [fault.cleared is not None for fault in Queries(s.ledger).faults()] == [True]

    play(tmp_path, scene)


def test_reordering_is_no_hole(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        await s.send(box, *reversed(chain(5)))
        await s.until(lambda: s.acks and s.acks[-1].upto == 5)
        await asyncio.sleep(30)
        assert all(not ack.need for ack in s.acks)
        assert Queries(s.ledger).faults() == ()

    play(tmp_path, scene)


def test_fork_is_told_to_the_box(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        (entry,) = chain(1)
        await s.send(box, entry)
        await s.until(lambda: s.acks)
        clone = entry.body.replace(b'"id-1"', b'"id-2"')
        await box.publish(Message(BOX.event("sale"), clone))
        await s.until(lambda: s.acks[-1].reject)
        assert s.acks[-1].reject == (Reject(seq=1, code="fork"),)

    play(tmp_path, scene)


def test_what_is_none_of_ours_is_taken_off_the_broker(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        box = await s.box()
        await box.publish(Message(f"{Fleet('acme').states[:-1]}A.B".replace("+", "s1"), b""))
        await s.send(box, *chain(1))
        await s.until(lambda: s.acks)
        held = s.broker._clients["hq-ingest"].held
        assert not held

    play(tmp_path, scene)


def test_presence_follows_the_program(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        await s.box()
        await s.until(lambda: s.presence == [True])
        s.broker.cut("hq-ingest")
        await s.until(lambda: s.presence[-2:] == [False, True])
        await s.until(lambda: s.ingest.status().online)
        await cancel(s.task)
        await s.until(lambda: s.presence[-1] is False)

    play(tmp_path, scene)


def test_broker_that_is_away_is_tried_again(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        s.broker.down()
        await asyncio.sleep(60)
        assert s.ingest.status().reason == "no broker: connection refused"
        assert "no broker" in repr(s.ingest)
        s.broker.up()
        await s.until(lambda: s.ingest.status().online)

    play(tmp_path, scene)


def test_broken_ledger_acknowledges_nothing_and_ends(tmp_path: Path) -> None:
    heard: list[Scene] = []

    async def run() -> None:
        async with Crew("scene") as crew:
            s = Scene(crew, tmp_path)
            heard.append(s)
            box = await s.box()
            with s.ledger.engine.begin() as database:
                database.exec_driver_sql("DROP TABLE entry")
            await s.send(box, *chain(3))
            await crew.broken()

    with pytest.raises(StorageError) as caught:
        simulate(run())
    assert caught.value.code == "ledger.failed"
    assert heard[0].acks == []
    assert heard[0].broker._clients["hq-ingest"].held
    heard[0].ledger.close()


def test_batches_are_bounded(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        sizes: list[int] = []
        commit = s.ledger.commit

        def counted(items: list[object], *, received: str) -> object:
            sizes.append(len(items))
            return commit(items, received=received)  # type: ignore[arg-type]

        s.ledger.commit = counted  # type: ignore[method-assign,assignment]
        await s.box()
        for entry in chain(BATCH + 300):
            s.broker.send(BOX.box, Message(BOX.event("sale"), entry.body))
        await s.until(lambda: s.acks and s.acks[-1].upto == BATCH + 300)
        assert max(sizes) <= BATCH
        assert len(sizes) < 10

    play(tmp_path, scene)
