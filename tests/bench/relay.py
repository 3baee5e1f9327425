"""A backlog drains through a real mosquitto into headquarters' ledger, as after an outage.

Headquarters is a process of its own. Beside it stands what aiomqtt alone publishes to the same
broker: same bodies, same QoS and window, nobody stores or acknowledges anything.
"""

import asyncio
import logging
import random
from pathlib import Path

import aiomqtt

from posedge.clock import SystemClock
from posedge.demo.child import Child
from posedge.demo.mosquitto import Mosquitto
from posedge.demo.ports import free_port
from posedge.journal.store import SqliteJournal, open_journal
from posedge.model.topics import BoxTopics
from posedge.mqtt.client import AiomqttBroker
from posedge.relay.outbox import WINDOW
from posedge.relay.relay import Relay
from posedge.relay.settings import RelaySettings
from posedge.tasks import Crew, Worker, cancel
from tests.bench import Row
from tests.bench.journal import sale
from tests.bench.place import DISK, healthy, scratch

ENTRIES = 10_000
BATCH = 500
READY_S = 30
LOOK_S = 0.01
DRAIN_S = 60
BOX = BoxTopics("bench", "store-1", "box-bench")


def measure() -> list[Row]:
    with scratch(DISK) as name:
        drained, plain = asyncio.run(_measure(DISK / name))
    beside = f"aiomqtt alone {plain:,.0f} messages/s, window {WINDOW}, in the same run"
    return [Row(f"relay, drain of {ENTRIES:,}", drained, "entries/s", beside)]


async def _measure(folder: Path) -> tuple[float, float]:
    worker = Worker("journal")
    async with Mosquitto(folder) as broker:
        hq = await _headquarters(folder, broker)
        journal = await _backlog(folder, worker)
        try:
            drained = await _drain(journal, broker)
            plain = await _publish(journal, broker)
        finally:
            await journal.close()
            worker.close()
            await hq.stop()
    return drained, plain


async def _headquarters(folder: Path, broker: Mosquitto) -> Child:
    port = free_port()
    hq = Child(
        (
            "hq",
            "--tenant", BOX.tenant,
            "--broker", f"127.0.0.1:{broker.port}",
            "--database", f"sqlite:///{folder / 'hq.db'}",
            "--listen", f"127.0.0.1:{port}",
        ),
        folder / "hq.log",
    )  # fmt: skip
    await hq.start()
    await hq.ready(lambda: healthy(port), READY_S)
    return hq


async def _backlog(folder: Path, worker: Worker) -> SqliteJournal:
    journal = await open_journal(
        folder / "journal.db", source=BOX.source, chance=random.Random(1), run=worker.run
    )
    for first in range(0, ENTRIES, BATCH):
        await journal.append([sale(first + number) for number in range(BATCH)])
    return journal


async def _drain(journal: SqliteJournal, broker: Mosquitto) -> float:
    relay = Relay(
        journal,
        AiomqttBroker(broker.address),
        BOX,
        settings=RelaySettings(host="127.0.0.1", port=broker.port, will_delay_s=0),
        clock=SystemClock(),
        chance=random.Random(1),
        version="bench",
    )
    loop = asyncio.get_running_loop()
    async with Crew("bench") as crew, asyncio.timeout(DRAIN_S):
        began = loop.time()
        box = crew.start(relay.run(), name="relay")
        while relay.status().acked < ENTRIES:  # noqa: ASYNC110 - to a hundredth of a second
            await asyncio.sleep(LOOK_S)
        took_s = loop.time() - began
        await cancel(box)
    return ENTRIES / took_s


def _quiet() -> logging.Logger:
    """Keep aiomqtt from a warning for each call beyond the tenth that waits."""
    logger = logging.getLogger("bench.mqtt")
    logger.setLevel(logging.ERROR)
    return logger


async def _publish(journal: SqliteJournal, broker: Mosquitto) -> float:
    bodies = [entry.body for entry in await journal.after(0, BATCH)]
    window = asyncio.Semaphore(WINDOW)
    loop = asyncio.get_running_loop()
    async with aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        protocol=aiomqtt.ProtocolVersion.V5,
        max_inflight_messages=WINDOW,
        logger=_quiet(),
    ) as client:

        async def publish(body: bytes) -> None:
            async with window:
                await client.publish("bench/plain", body, qos=1)

        began = loop.time()
        for _ in range(ENTRIES // BATCH):
            await asyncio.gather(*(publish(body) for body in bodies))
        return ENTRIES / (loop.time() - began)
