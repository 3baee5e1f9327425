"""Relay and headquarters over a real mosquitto, which is killed and refuses."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from posedge.clock import SystemClock
from posedge.demo.mosquitto import Mosquitto, access_rules
from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.schema import ENTRY
from posedge.model.entry import Draft
from posedge.model.messages import Desired, Reported, Status, read, write
from posedge.model.topics import BoxTopics
from posedge.mqtt.client import AiomqttBroker
from posedge.mqtt.interface import Hello, Message
from posedge.relay.relay import Relay
from posedge.relay.settings import RelaySettings
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.journal import MemoryJournal

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
CLOCK = SystemClock()


def draft(number: int) -> Draft:
    return Draft(
        id=f"0199c2d4-6b0e-7c31-9a55-{number:012x}",
        type="sale.completed",
        subject=f"sale/{number}",
        at=CLOCK.now(),
        data={"number": number, "padding": "x" * 300},
    )


def relay_of(journal: MemoryJournal, broker: Mosquitto) -> Relay:
    return Relay(
        journal,
        AiomqttBroker(broker.address, answer_s=2),
        BOX,
        settings=RelaySettings(host="127.0.0.1", port=broker.port, will_delay_s=0),
        clock=CLOCK,
        chance=random.Random(1),
        version="1.2.3",
        states={"device": lambda: {"model": "test"}},
    )


def ingest_of(ledger: Ledger, worker: Worker, broker: Mosquitto) -> Ingest:
    return Ingest(
        ledger,
        worker.run,
        AiomqttBroker(broker.address, answer_s=2),
        tenant="acme",
        client_id="hq-ingest",
        clock=CLOCK,
        chance=random.Random(2),
    )


async def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is in other processes
            await asyncio.sleep(0.01)


def stored(ledger: Ledger) -> list[bytes]:
    with ledger.engine.connect() as database:
        return list(database.scalars(select(ENTRY.c.body).order_by(ENTRY.c.sequence)))


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path}/hq.db")
    yield opened
    opened.close()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker("ledger")
    yield made
    made.close()


async def test_broker_killed_in_mid_flow(tmp_path: Path, ledger: Ledger, worker: Worker) -> None:
    journal = MemoryJournal()
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        relay = relay_of(journal, broker)
        hq = crew.start(ingest_of(ledger, worker, broker).run(), name="hq")
        box = crew.start(relay.run(), name="box")
        for round_ in range(4):
            for number in range(300):
                await journal.append((draft(round_ * 300 + number),))
                relay.wake()
            if round_ < 3:
                await broker.kill()
                await asyncio.sleep(0.05)
                await broker.start()
        await until(lambda: relay.status().acked == journal.last)
        await cancel(box)
        await cancel(hq)
    assert stored(ledger) == [entry.body for entry in journal.entries]
    assert await journal.note(f"relay.acked:{journal.stream}") == str(journal.last)


async def test_headquarters_dies_between_broker_and_commit(
    tmp_path: Path, ledger: Ledger, worker: Worker
) -> None:
    journal = MemoryJournal()
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        relay = relay_of(journal, broker)
        box = crew.start(relay.run(), name="box")
        for round_ in range(3):
            hq = crew.start(ingest_of(ledger, worker, broker).run(), name="hq")
            await journal.append([draft(round_ * 500 + number) for number in range(500)])
            relay.wake()
            wanted = round_ * 500 + 50
            await until(lambda wanted=wanted: len(stored(ledger)) > wanted)  # type: ignore[misc]
            await cancel(hq)
        hq = crew.start(ingest_of(ledger, worker, broker).run(), name="hq")
        await until(lambda: relay.status().acked == journal.last)
        await cancel(box)
        await cancel(hq)
    assert stored(ledger) == [entry.body for entry in journal.entries]


async def test_refused_entries_do_not_move_the_cursor(tmp_path: Path) -> None:
    journal = MemoryJournal()
    rules = access_rules(box="%c").replace("pattern write posedge/v1/+/+/%c/e/#\n", "")
    async with Mosquitto(tmp_path, acl=rules) as broker, Crew("test") as crew:
        relay = relay_of(journal, broker)
        await journal.append([draft(number) for number in range(3)])
        box = crew.start(relay.run(), name="box")
        await until(lambda: "0x87" in (relay.status().reason or ""))
        status = relay.status()
        assert (status.online, status.acked, status.behind) == (True, 0, 3)
        await cancel(box)


async def test_nobody_at_headquarters_is_an_alarm(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        relay = relay_of(journal, broker)
        await journal.append([draft(1)])
        box = crew.start(relay.run(), name="box")
        await until(lambda: relay.status().reason == "headquarters is not listening (0x10)")
        assert relay.status().acked == 0
        await cancel(box)


async def test_presence_and_states_as_an_observer_sees_them(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        observer = await AiomqttBroker(broker.address).connect(
            Hello(client_id="observer", will=Message("nowhere", b""))
        )
        await observer.subscribe((BOX.status, BOX.state("device")))
        seen: list[Status] = []
        states: list[bytes] = []

        async def watch() -> None:
            async for delivery in observer.deliveries():
                delivery.acknowledge()
                if delivery.message.topic == BOX.status:
                    seen.append(read(Status, delivery.message.payload))
                else:
                    states.append(delivery.message.payload)

        watching = crew.start(watch(), name="watch")
        journal = MemoryJournal()
        relay = relay_of(journal, broker)
        box = crew.start(relay.run(), name="box")
        await until(lambda: len(seen) == 1 and len(states) == 1)
        assert relay._session is not None
        relay._session[0]._client.drop()  # type: ignore[attr-defined]
        await until(lambda: len(seen) >= 3)
        await cancel(box)
        await until(lambda: seen[-1].reason == "stopped")
        assert [(said.status, said.session, said.reason) for said in seen] == [
            ("online", 1, None),
            ("offline", 1, "will"),
            ("online", 2, None),
            ("offline", 2, "stopped"),
        ]
        assert (seen[0].version, seen[0].stream, seen[0].last) == ("1.2.3", journal.stream, 0)
        assert states[0] == b'{"version":1,"state":{"model":"test"}}'
        await cancel(watching)
        await observer.close()


async def test_many_wishes_that_waited_do_not_cut_the_link(tmp_path: Path) -> None:
    """More than our Receive Maximum: while each is answered, reading rests, PUBACKs included."""
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        office = await AiomqttBroker(broker.address).connect(
            Hello(client_id="office", will=Message("nowhere", b""))
        )
        await office.subscribe((BOX.state("colour"),))
        journal = MemoryJournal()
        relay = relay_of(journal, broker)
        await cancel_when(crew.start(relay.run(), name="box"), lambda: relay.status().online)
        for version in range(1, 201):
            wish = write(Desired(version=version, state={"padding": "x" * 5000}))
            await office.publish(Message(BOX.desired("colour"), wish))
        relay = relay_of(journal, broker)
        box = crew.start(relay.run(), name="box again")
        async with asyncio.timeout(10):
            async for delivery in office.deliveries():
                delivery.acknowledge()
                if read(Reported, delivery.message.payload).desired_version == 200:
                    break
        assert await journal.note("relay.session") == "2", "connected once each time"
        await cancel(box)
        await office.close()


async def cancel_when(task: asyncio.Task[None], condition: Callable[[], bool]) -> None:
    await until(condition)
    await cancel(task)
