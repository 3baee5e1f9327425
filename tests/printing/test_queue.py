"""The print queue against printers that break, boxes that lose power, and tills that ask twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from posedge.bus import Bus
from posedge.model.capabilities import PrintEvidence
from posedge.model.errors import (
    ConflictError,
    DeniedError,
    DeviceBusy,
    DeviceGone,
    MisuseError,
    NotFoundError,
    StorageError,
)
from posedge.model.events import PrintChanged
from posedge.model.label import Label, Labels, LabelText
from posedge.model.printing import PrintContent, PrintOrder, PrintState
from posedge.model.receipt import Align, Receipt, Text
from posedge.payments.announce import Announcer
from posedge.printing import queue as queue_module
from posedge.printing.queue import PrintQueue
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew
from tests.doubles.prints import MemoryPrints
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import PowerCut, SimClock, SimLoop, simulate
from tests.doubles.terminal import FakeDevices

FALLBACK = PrintingSettings(
    roles={"receipts": "counter", "shelf": "labels"},
    fallback={"counter": "kitchen", "labels": "spare", "spare": "counter"},
    fallback_after_s=30,
    raw=True,
)
LABELS = Labels(label=Label(parts=(LabelText(text="Apples"),)), quantity=3)


@dataclass
class Paper:
    """A printer that outlives the box: what is on its paper, and what befalls it."""

    paper: list[tuple[str, Receipt | bytes]] = field(default_factory=list)
    ready: bool = True
    breaks_after: int | None = None
    takes_s: float = 0.3

    async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
        await asyncio.sleep(self.takes_s)
        self.paper.append((job, content))
        await asyncio.sleep(0.01)
        if self.breaks_after is not None and len(self.paper) > self.breaks_after:
            self.breaks_after = None
            raise DeviceGone("device.gone", "the cable was pulled")
        return PrintEvidence.PROCESS_ID

    @property
    def marks(self) -> list[str | None]:
        return [each.copy_of for _, each in self.paper if isinstance(each, Receipt)]

    @property
    def jobs(self) -> list[str]:
        return [job for job, _ in self.paper]


@dataclass
class Roll:
    """A label printer; `small`: its labels have no room for anything."""

    out: list[tuple[str, Labels]] = field(default_factory=list)
    ready: bool = True
    small: bool = False
    breaks: bool = False

    async def print_labels(self, labels: Labels, job: str) -> PrintEvidence:
        if self.small:
            raise MisuseError("label.full", "the parts need 40 mm and the label has 10 mm")
        await asyncio.sleep(0.3)
        self.out.append((job, labels))
        if self.breaks:
            raise DeviceGone("device.gone", "the cable was pulled")
        return PrintEvidence.BUFFER


@dataclass
class Shop:
    """Two printers of either kind and the queue's disk, all of which survive the box."""

    settings: PrintingSettings = FALLBACK
    counter: Paper = field(default_factory=Paper)
    kitchen: Paper = field(default_factory=Paper)
    labels: Roll = field(default_factory=Roll)
    spare: Roll = field(default_factory=Roll)
    prints: MemoryPrints = field(default_factory=MemoryPrints)
    shelf: MemoryShelf = field(default_factory=MemoryShelf)

    def __post_init__(self) -> None:
        self.devices = FakeDevices(
            counter=self.counter, kitchen=self.kitchen, labels=self.labels, spare=self.spare
        )

    @asynccontextmanager
    async def on(self) -> AsyncIterator[PrintQueue]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        async with Crew("printing") as crew:
            queue = PrintQueue(
                self.prints,
                self.devices,
                Announcer(Bus(self.shelf), crew),
                clock=SimClock(loop, "boot", loop.time()),
                crew=crew,
                settings=self.settings,
            )
            await queue.resume()
            yield queue
            await queue.close()

    def states(self, job: str) -> list[str]:
        events = [each for each in self.shelf.events if isinstance(each, PrintChanged)]
        return [each.state.value for each in events if each.job == job]


def order(number: int = 1, **changes: object) -> PrintOrder:
    fields: dict[str, object] = {
        "id": f"job-{number}",
        "owner": "till-1",
        "title": f"job {number}",
        "printer": "counter",
        "receipt": Receipt(parts=(Text(text=f"Page {number}"),)),
    }
    return PrintOrder.model_validate({**fields, **changes})


async def test_a_job_is_done_when_the_printer_said_so() -> None:
    shop = Shop()
    async with shop.on() as queue:
        first = await queue.submit(order())
        assert (first.state, first.at) == (PrintState.QUEUED, None)
        done = await queue.ended("job-1", 5)
        assert (done.state, done.evidence, done.at) == (
            PrintState.DONE,
            PrintEvidence.PROCESS_ID,
            "counter",
        )
        assert done.ended is not None
        await asyncio.sleep(1)
    assert shop.states("job-1") == ["printing", "done"]


async def test_the_same_id_prints_once_and_other_content_is_a_conflict() -> None:
    shop = Shop()
    async with shop.on() as queue:
        await asyncio.gather(*(queue.submit(order()) for _ in range(5)))
        done = await queue.ended("job-1", 5)
        assert await queue.submit(order()) == done
        with pytest.raises(ConflictError) as caught:
            await queue.submit(order(copies=2))
        assert caught.value.code == "print.conflict"
        with pytest.raises(ConflictError):
            await queue.submit(order(owner="till-2"))
    async with shop.on() as queue:
        assert await queue.submit(order()) == done
    assert shop.counter.jobs == ["job-1"]


async def test_jobs_of_a_printer_keep_their_order_and_copies_their_count() -> None:
    shop = Shop()
    async with shop.on() as queue:
        await queue.submit(order(1, copies=3))
        await queue.submit(order(2, printer="receipts"))
        await queue.submit(order(3))
        assert (await queue.ended("job-3", 20)).state is PrintState.DONE
        assert (await queue.get("job-1")).out == 3
        assert queue.waiting == 0
    assert shop.counter.jobs == ["job-1"] * 3 + ["job-2", "job-3"]
    assert shop.counter.marks == [None] * 5


async def test_what_broke_off_comes_again_as_a_copy() -> None:
    shop = Shop()
    shop.counter.breaks_after = 1
    async with shop.on() as queue:
        await queue.submit(order(1, copies=3))
        done = await queue.ended("job-1", 20)
    assert (done.state, done.out, done.reason) == (PrintState.DONE, 3, None)
    assert shop.counter.marks == [None, None, "job 1", None]


async def test_what_breaks_off_again_and_again_ends() -> None:
    shop = Shop(settings=PrintingSettings())
    async with shop.on() as queue:
        await queue.submit(order())
        for _ in range(60):
            shop.counter.breaks_after = 0
            await asyncio.sleep(1)
        assert (await queue.get("job-1")).state is PrintState.UNKNOWN
    assert shop.counter.marks == [None, *["job 1"] * 9]


async def test_a_job_in_hand_says_what_its_printer_waits_for() -> None:
    shop = Shop(settings=PrintingSettings())
    shop.counter.takes_s = 30
    async with shop.on() as queue:
        await queue.submit(order())
        await asyncio.sleep(1)
        assert (await queue.get("job-1")).reason is None
        shop.counter.ready = False
        stopped = await queue.get("job-1")
        assert (stopped.state, stopped.reason) == (PrintState.PRINTING, "counter is not ready")
        shop.counter.ready = True
        assert (await queue.ended("job-1", 60)).state is PrintState.DONE


async def test_bytes_that_broke_off_are_not_sent_again() -> None:
    shop = Shop()
    shop.counter.breaks_after = 0
    async with shop.on() as queue:
        await queue.submit(order(receipt=None, raw=b"Hello\n"))
        unknown = await queue.ended("job-1", 20)
        assert unknown.state is PrintState.UNKNOWN
        assert "look at the paper" in (unknown.reason or "")
    assert shop.counter.paper == [("job-1", b"Hello\n")]


async def test_a_job_that_waits_says_why_and_may_be_taken_back() -> None:
    shop = Shop(settings=PrintingSettings())
    shop.devices.away.add("counter")
    async with shop.on() as queue:
        await queue.submit(order(1))
        await queue.submit(order(2))
        await asyncio.sleep(1)
        assert (await queue.get("job-1")).reason == "counter is unplugged"
        assert (await queue.get("job-2")).reason == "counter is unplugged"
        taken = await queue.cancel("job-1")
        assert (taken.state, taken.reason) == (PrintState.CANCELLED, None)
        assert await queue.cancel("job-1") == taken
        shop.devices.away.clear()
        assert (await queue.ended("job-2", 5)).state is PrintState.DONE
    assert shop.counter.jobs == ["job-2"]


async def test_it_is_taken_back_once_and_prints_after_all_when_that_cannot_be_stored() -> None:
    shop = Shop(settings=PrintingSettings())
    shop.devices.away.add("counter")
    async with shop.on() as queue:
        await queue.submit(order(1))
        await queue.submit(order(2))
        one, two = await asyncio.gather(queue.cancel("job-1"), queue.cancel("job-1"))
        assert one == two
        assert one.state is PrintState.CANCELLED
        shop.prints.broken = True
        with pytest.raises(StorageError):
            await queue.cancel("job-2")
        shop.prints.broken = False
        shop.devices.away.clear()
        assert (await queue.ended("job-2", 20)).state is PrintState.DONE
    assert shop.counter.jobs == ["job-2"]


async def test_what_a_printer_has_is_not_taken_back_and_what_it_dropped_is() -> None:
    shop = Shop(settings=PrintingSettings())
    shop.counter.breaks_after = 0
    async with shop.on() as queue:
        await queue.submit(order())
        await asyncio.sleep(0.1)
        with pytest.raises(MisuseError) as caught:
            await queue.cancel("job-1")
        assert caught.value.code == "print.begun"
        await asyncio.sleep(0.5)
        taken = await queue.cancel("job-1")
        assert "may be on paper" in (taken.reason or "")


async def test_what_has_not_begun_goes_to_the_other_printer_marked_so() -> None:
    shop = Shop()
    shop.counter.breaks_after = 0
    async with shop.on() as queue:
        await queue.submit(order(1))
        await asyncio.sleep(1)
        shop.counter.ready = False
        await queue.submit(order(2))
        await queue.submit(order(3, receipt=None, raw=b"only for this printer"))
        await asyncio.sleep(25)
        assert shop.kitchen.paper == []
        moved = await queue.ended("job-2", 10)
        assert (moved.state, moved.at, moved.diverted) == (PrintState.DONE, "kitchen", True)
        ((_, content),) = shop.kitchen.paper
        assert isinstance(content, Receipt)
        assert content.parts[0] == Text(text="Printed here for counter", align=Align.CENTRE)
        assert queue.waiting == 2
        shop.counter.ready = True
        await queue.ended("job-3", 10)
    assert shop.counter.jobs == ["job-1", "job-1", "job-3"]
    assert shop.counter.marks == [None, "job 1"]


async def test_the_other_printer_may_be_away_too() -> None:
    shop = Shop()
    shop.counter.ready = shop.kitchen.ready = False
    async with shop.on() as queue:
        await queue.submit(order())
        await asyncio.sleep(100)
        shop.kitchen.ready = True
        shop.kitchen.breaks_after = 0
        while not shop.kitchen.paper:  # noqa: ASYNC110 - it is no part of the box
            await asyncio.sleep(0.1)
        shop.kitchen.ready = False
        shop.counter.ready = True
        done = await queue.ended("job-1", 10)
        assert (done.at, done.is_copy) == ("counter", True)
    assert (shop.kitchen.marks, shop.counter.marks) == ([None], ["job 1"])


async def test_labels_are_a_job_like_any_other() -> None:
    shop = Shop()
    shop.labels.ready = False
    async with shop.on() as queue:
        labels = order(receipt=None, labels=LABELS, printer="shelf")
        assert (await queue.submit(labels)).content is PrintContent.LABELS
    shop.labels.ready = True
    async with shop.on() as queue:
        done = await queue.ended("job-1", 5)
        assert (done.state, done.evidence) == (PrintState.DONE, PrintEvidence.BUFFER)
        assert await queue.submit(labels) == done
    assert shop.labels.out == [("job-1", LABELS)]


async def test_labels_that_broke_off_are_counted_by_a_person() -> None:
    shop = Shop()
    shop.labels.breaks = True
    async with shop.on() as queue:
        await queue.submit(order(receipt=None, labels=LABELS, printer="labels"))
        unknown = await queue.ended("job-1", 20)
    assert unknown.state is PrintState.UNKNOWN
    assert "look at the paper" in (unknown.reason or "")
    assert len(shop.labels.out) == 1


async def test_labels_go_to_another_label_printer_and_to_no_other() -> None:
    shop = Shop()
    shop.labels.ready = False
    async with shop.on() as queue:
        await queue.submit(order(1, receipt=None, labels=LABELS, printer="labels"))
        moved = await queue.ended("job-1", 60)
        assert (moved.state, moved.at, moved.diverted) == (PrintState.DONE, "spare", True)
        assert shop.spare.out == [("job-1", LABELS)]
        shop.spare.ready = False
        await queue.submit(order(2, receipt=None, labels=LABELS, printer="spare"))
        await asyncio.sleep(100)
        assert (await queue.get("job-2")).state is PrintState.QUEUED
        for printer in ("counter", "nowhere"):
            with pytest.raises(NotFoundError):
                await queue.submit(order(3, receipt=None, labels=LABELS, printer=printer))
        with pytest.raises(NotFoundError):
            await queue.submit(order(3, printer="labels"))
    assert shop.counter.paper == []


async def test_what_does_not_fit_the_other_printer_waits_for_its_own() -> None:
    shop = Shop()
    shop.labels.ready, shop.spare.small = False, True
    async with shop.on() as queue:
        await queue.submit(order(receipt=None, labels=LABELS, printer="labels"))
        await asyncio.sleep(100)
        waiting = await queue.get("job-1")
        assert (waiting.state, waiting.at) == (PrintState.QUEUED, None)
        assert shop.states("job-1").count("printing") == 1
        shop.labels.ready = True
        assert (await queue.ended("job-1", 10)).at == "labels"
        shop.labels.small = True
        await queue.submit(order(2, receipt=None, labels=LABELS, printer="labels"))
        assert (await queue.ended("job-2", 10)).state is PrintState.FAILED


def test_an_order_has_one_content_and_labels_their_own_number() -> None:
    with pytest.raises(ValueError, match="one of receipt"):
        order(labels=LABELS)
    with pytest.raises(ValueError, match="one of receipt"):
        order(receipt=None)
    with pytest.raises(ValueError, match="quantity"):
        order(receipt=None, labels=LABELS, copies=2)


async def test_what_cannot_be_taken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(settings=PrintingSettings())
    shop.counter.ready = False
    async with shop.on() as queue:
        with pytest.raises(DeniedError):
            await queue.submit(order(receipt=None, raw=b"Hello\n"))
        with pytest.raises(NotFoundError):
            await queue.submit(order(printer="nowhere"))
        with pytest.raises(MisuseError):
            await queue.submit(order(printer=None))
        monkeypatch.setattr(queue_module, "MAX_OPEN", 1)
        await queue.submit(order(1, printer="nowhere"), owed=True)
        with pytest.raises(DeviceBusy):
            await queue.submit(order(2))
        assert (await queue.get("job-1")).state is PrintState.QUEUED
        with pytest.raises(NotFoundError):
            await queue.get("job-2")


async def test_a_broken_disk_accepts_nothing_and_prints_nothing_twice() -> None:
    shop = Shop()
    async with shop.on() as queue:
        shop.prints.broken = True
        with pytest.raises(StorageError):
            await queue.submit(order())
        shop.prints.broken = False
        await queue.submit(order())
        await asyncio.sleep(0.2)
        shop.prints.broken = True
        await asyncio.sleep(1)
        shop.prints.broken = False
        assert (await queue.ended("job-1", 30)).state is PrintState.DONE
    assert shop.counter.marks == [None, "job 1"]


async def ask_until_done(shop: Shop, orders: list[PrintOrder]) -> None:
    """Print as a till does that asks again until it knows."""
    async with shop.on() as queue:
        for each in orders:
            await queue.submit(each)
        for each in orders:
            await queue.ended(each.id, 1000)


def test_a_power_cut_in_front_of_every_single_step() -> None:
    orders = [order(1, copies=2), order(2), order(3, receipt=None, raw=b"Hello\n")]
    cut, cut_at, unknown = True, 0, 0
    while cut:
        cut_at += 1
        shop = Shop()
        try:
            simulate(ask_until_done(shop, orders), cut_at=cut_at)
            cut = False
        except PowerCut:
            shop.prints = shop.prints.cut()
            simulate(ask_until_done(shop, orders), seed=random.Random(cut_at).randrange(99))
        originals = [
            job
            for job, content in shop.counter.paper
            if isinstance(content, bytes) or content.copy_of is None
        ]
        for job, most in (("job-1", 2), ("job-2", 1), ("job-3", 1)):
            assert originals.count(job) <= most
        state = shop.prints.jobs["job-3"][0].state
        assert state in {PrintState.DONE, PrintState.UNKNOWN}
        unknown += state is PrintState.UNKNOWN
        assert shop.counter.jobs.count("job-1") >= 2
        assert shop.counter.jobs.count("job-2") >= 1
    assert cut_at > 40
    assert unknown > 0
