import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from posedge.bus import Bus, Shelf
from posedge.journal import ceiling
from posedge.journal.shelf import DROP_EVERY, Keep, SqliteShelf, open_shelf
from posedge.model.errors import StorageError
from posedge.model.events import Envelope, Event, Gap, Scanned
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.drafts import AT

DAY_NS = 86_400 * NS_PER_S


@dataclass
class HandClock:
    """A clock that a test sets."""

    stamp: Stamp = AT

    def now(self) -> Stamp:
        return self.stamp

    def set(self, *, days: float, trusted: bool = True) -> None:
        utc_ns = AT.utc_ns + int(days * DAY_NS)
        self.stamp = AT.model_copy(update={"utc_ns": utc_ns, "trusted": trusted})


@dataclass
class Place:
    """An event log that is opened as often as a test likes."""

    path: Path
    clock: HandClock = field(default_factory=HandClock)
    workers: list[Worker] = field(default_factory=list)

    async def open(self, **keep: int) -> SqliteShelf:
        self.workers.append(Worker("events"))
        return await open_shelf(
            self.path, clock=self.clock, run=self.workers[-1].run, keep=Keep(**keep)
        )

    def scan(self, text: str = "4006381333931") -> Event:
        return Scanned(at=self.clock.now(), device="scanner", text=text)

    async def put(self, shelf: SqliteShelf, count: int) -> None:
        await asyncio.gather(*(shelf.put(self.scan()) for _ in range(count)))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path / "events.db")
    yield place
    for worker in place.workers:
        worker.close()


async def test_events_come_back_as_they_were(place: Place) -> None:
    shelf = await place.open()
    fits: Shelf = shelf
    assert fits.held == (1, 0)
    first = await shelf.put(place.scan("one"))
    second = await shelf.put(place.scan("two"))
    assert (first.sequence, second.sequence, shelf.held) == (1, 2, (1, 2))
    assert await shelf.after(0, 10) == (first, second)
    assert await shelf.after(1, 10) == (second,)
    assert await shelf.after(0, 1) == (first,)
    await shelf.close()
    shelf = await place.open()
    assert shelf.held == (1, 2)
    assert await shelf.after(0, 10) == (first, second)
    await shelf.close()
    with pytest.raises(StorageError, match="closed"):
        await shelf.put(place.scan())


async def test_numbers_follow_the_order_of_the_calls(place: Place) -> None:
    shelf = await place.open()
    async with Crew("tills") as crew:
        tasks = [crew.start(shelf.put(place.scan(str(n))), name="till") for n in range(100)]
        sequences = [(await task).sequence for task in tasks]
    assert sequences == list(range(1, 101))
    await shelf.close()


async def test_a_cancelled_put_is_kept(place: Place) -> None:
    shelf = await place.open()
    async with Crew("tills") as crew:
        task = crew.start(shelf.put(place.scan()), name="till")
        await asyncio.sleep(0)
        await cancel(task)
    assert len(await shelf.after(0, 10)) == 1
    await shelf.close()


async def test_the_oldest_are_dropped_by_count(place: Place) -> None:
    shelf = await place.open(events=100)
    for _ in range(4):
        await place.put(shelf, DROP_EVERY)
        first, last = shelf.held
        assert 100 <= last - first + 1 <= 100 + DROP_EVERY
    assert shelf.held[0] > 600
    held = await shelf.after(0, 10_000)
    assert [envelope.sequence for envelope in held] == list(range(shelf.held[0], shelf.held[1] + 1))
    await shelf.close()


async def test_the_oldest_are_dropped_by_age(place: Place) -> None:
    shelf = await place.open(days=7)
    await place.put(shelf, 10)
    place.clock.set(days=6.9)
    await place.put(shelf, 10)
    await shelf.close()
    shelf = await place.open(days=7)
    assert shelf.held == (1, 20)
    place.clock.set(days=7.1)
    await place.put(shelf, DROP_EVERY)
    assert shelf.held == (11, 20 + DROP_EVERY)
    await shelf.close()


async def test_a_number_is_never_used_again(place: Place) -> None:
    shelf = await place.open(days=7)
    await place.put(shelf, 10)
    await shelf.close()
    place.clock.set(days=30)
    shelf = await place.open(days=7)
    assert shelf.held == (11, 10)
    await shelf.close()
    shelf = await place.open(days=7)
    assert (await shelf.put(place.scan())).sequence == 11
    await shelf.close()


async def test_a_clock_that_is_not_trusted_drops_nothing(place: Place) -> None:
    shelf = await place.open(days=7)
    place.clock.set(days=-20_000, trusted=False)  # 1970, until the network is there
    await place.put(shelf, 5)
    place.clock.set(days=0)
    await place.put(shelf, 5)
    await shelf.close()
    place.clock.set(days=9000, trusted=False)
    shelf = await place.open(days=7)
    assert shelf.held == (1, 10)
    await shelf.close()
    place.clock.set(days=8)
    shelf = await place.open(days=7)
    assert shelf.held == (11, 10)
    await shelf.close()


async def test_a_disk_that_fails_is_told(place: Place) -> None:
    shelf = await place.open()
    with closing(sqlite3.connect(place.path)) as other:
        other.execute("DROP TABLE event")
    with pytest.raises(StorageError):
        await shelf.put(place.scan())
    await shelf.close()


async def test_two_listeners_get_a_thousand_events_one_of_them_after_being_away(
    place: Place,
) -> None:
    """A real shelf below a real bus: each event once, in order, also across a restart."""

    async def hear(bus: Bus, *, after: int, until: int) -> list[int]:
        heard: list[int] = []
        async with aclosing(bus.listen(after)) as stream:
            async for item in stream:
                assert isinstance(item, Envelope)
                heard.append(item.sequence)
                if item.sequence == until:
                    break
        return heard

    shelf = await place.open()
    bus = Bus(shelf)
    async with Crew("clients") as crew:
        steady = crew.start(hear(bus, after=0, until=1000), name="steady")
        leaving = crew.start(hear(bus, after=0, until=300), name="leaving")
        for _ in range(100):
            await asyncio.gather(*(bus.publish(place.scan()) for _ in range(10)))
        assert await steady == list(range(1, 1001))
        assert await leaving == list(range(1, 301))
        back = crew.start(hear(bus, after=300, until=1000), name="back")
        assert await back == list(range(301, 1001))
    await shelf.close()
    shelf = await place.open()
    assert await hear(Bus(shelf), after=990, until=1000) == list(range(991, 1001))
    await shelf.close()


async def test_a_listener_is_told_of_what_the_shelf_dropped(place: Place) -> None:
    shelf = await place.open(events=50)
    await place.put(shelf, 2 * DROP_EVERY)
    first = shelf.held[0]
    async with aclosing(Bus(shelf).listen(3)) as stream:
        assert await anext(stream) == Gap(first=4, last=first - 1)
        item = await anext(stream)
    assert isinstance(item, Envelope)
    assert item.sequence == first
    await shelf.close()


async def test_unreadable_rows_are_a_gap(place: Place) -> None:
    shelf = await place.open()
    await place.put(shelf, 9)
    await shelf.close()
    with closing(sqlite3.connect(place.path)) as connection, connection:
        connection.execute("UPDATE event SET body = x'7b7d' WHERE sequence IN (1, 2, 5, 9)")
    shelf = await place.open()
    assert [each.sequence for each in await shelf.after(0, 2)] == [3, 4]
    assert [each.sequence for each in await shelf.after(0, 4)] == [3, 4]
    assert [each.sequence for each in await shelf.after(4, 4)] == [6, 7, 8]
    assert await shelf.after(8, 4) == ()
    heard: list[int | Gap] = []
    async with asyncio.timeout(5), aclosing(Bus(shelf).listen(0)) as stream:
        async for item in stream:
            heard.append(item if isinstance(item, Gap) else item.sequence)
            if len(heard) == 8:
                break
    lost = (Gap(first=1, last=2), Gap(first=5, last=5), Gap(first=9, last=9))
    assert heard == [lost[0], 3, 4, lost[1], 6, 7, 8, lost[2]]
    await shelf.close()


def spoil(path: Path, at: int, count: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * count)


def as_of_a_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "head": lambda path: spoil(path, 0, 100),
    "foreign": lambda path: spoil(path, 68, 4),
    "first page": lambda path: spoil(path, 100, 3000),
    "later page": lambda path: spoil(path, 4096 * 2, 4096),
    "no database": lambda path: path.write_bytes(b"nothing"),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: os.truncate(path, 4096 * 2),
    "gone": lambda path: path.unlink(),
    "newer": as_of_a_newer,
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damaged_log_is_set_aside_and_its_numbers_never_come_again(
    place: Place, damage: str
) -> None:
    shelf = await place.open()
    assert shelf.alarm is None
    await place.put(shelf, 200)
    await shelf.close()
    DAMAGES[damage](place.path)
    for _ in range(2):  # and again, when another was set aside before
        shelf = await place.open()
        assert shelf.alarm is not None
        first, last = shelf.held
        assert (first, last) == (last + 1, last), "it is empty"
        assert last >= 200
        bus = Bus(shelf)
        told = await anext(bus.listen(200)) if last > 200 else None
        assert told in (None, Gap(first=201, last=last))
        assert await bus.publish(place.scan()) == last + 1
        await shelf.close()
        spoil(place.path, 0, 100)
    assert place.path.with_name("events.db.damaged").exists()


async def test_ceiling_rises_in_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceiling, "STEP", 20)
    monkeypatch.setattr(ceiling, "SPARE", 10)
    shelf = await place.open()
    await shelf.put(place.scan())
    await shelf.close()
    beside = place.path.with_name("events.db.ceiling")
    shelf = await place.open()
    for number in range(2, 60):
        assert (await shelf.put(place.scan())).sequence == number
        assert number < int(beside.read_bytes()) <= number + 20
    await shelf.close()
    shelf = await place.open()
    assert (shelf.held, shelf.alarm) == ((1, 59), None)
    await shelf.close()
    assert beside.stat().st_mode & 0o777 == 0o600


async def test_ceiling_that_cannot_be_kept_or_read_stops_nothing(place: Place) -> None:
    beside = place.path.with_name("events.db.ceiling")
    beside.symlink_to(place.path.parent / "away" / "nowhere")
    shelf = await place.open()
    assert (await shelf.put(place.scan())).sequence == 1
    await shelf.close()
    beside.unlink()
    beside.write_bytes(b"\xff\xff\n")
    shelf = await place.open()
    assert shelf.held == (1, 1)
    await shelf.close()
    assert int(beside.read_bytes()) > 1


async def test_a_log_that_cannot_be_reached_is_no_damage(place: Place) -> None:
    place.path.mkdir()
    with pytest.raises(StorageError):
        await place.open()
    assert place.path.is_dir(), "nothing was set aside"
