"""Commits per second of the journal, beside bare SQLite and the disk's own fdatasync.

A disk's fsync varies forty-fold from hour to hour, so the three are measured in turns.
"""

import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from posedge.journal.store import SqliteJournal, open_journal
from posedge.model.entry import Draft, seal
from posedge.model.value import Json
from posedge.tasks import Worker
from tests.bench import Row
from tests.doubles.drafts import draft

ROUNDS = 3
COMMITS = 500
WRITERS = 16
LINES = 3
STREAM = "9f3c1a7be0425d18"


def measure() -> list[Row]:
    """Return medians of ROUNDS rounds."""
    turns: list[Callable[[Path], float]] = [_fdatasync, _bare, _alone, _together]
    rates: dict[str, list[float]] = {turn.__name__: [] for turn in turns}
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:  # /tmp may be memory
        for number in range(ROUNDS):
            for turn in turns:
                place = Path(folder) / f"{turn.__name__}{number}"
                place.mkdir()
                rates[turn.__name__].append(turn(place))
        written = _bytes_per_entry(Path(folder))
    disk, bare, alone, together = (statistics.median(found) for found in rates.values())
    sealing = _seals()
    beside = f"bare SQLite WAL FULL {bare:,.0f}/s, fdatasync {disk:,.0f}/s in the same run"
    return [
        Row("journal, one writer", alone, "entries/s", beside),
        Row(f"journal, {WRITERS} writers", together, "entries/s", f"{together / alone:.1f} x one"),
        Row("sealing an entry", sealing, "entries/s", "hash and canonical JSON on one core"),
        Row(
            "written per entry", written, "bytes", "23,000 for a row and its outbox in bare SQLite"
        ),
    ]


def sale(number: int) -> Draft:
    lines: list[Json] = [
        {"sku": "4006381333931", "qty": "1", "unit_minor": 1533} for _ in range(LINES)
    ]
    return draft(number, subject=f"sale/{number}", type_="sale.completed", data={"lines": lines})


def _fdatasync(place: Path) -> float:
    """4 KiB appended and synced, per second."""
    block = b"x" * 4096
    file = os.open(place / "raw", os.O_CREAT | os.O_WRONLY)
    started = perf_counter()
    for number in range(COMMITS):
        os.pwrite(file, block, number * len(block))
        os.fdatasync(file)
    took_s = perf_counter() - started
    os.close(file)
    return COMMITS / took_s


def _bare(place: Path) -> float:
    """One 600-byte row with a unique key per commit, nothing else, per second."""
    with closing(sqlite3.connect(place / "bare.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, k TEXT UNIQUE, body BLOB)")
        started = perf_counter()
        for number in range(COMMITS):
            values = (number, f"key-{number}", b"x" * 600)
            connection.execute("INSERT INTO t VALUES (?, ?, ?)", values)
        return COMMITS / (perf_counter() - started)


def _alone(place: Path) -> float:
    return _journalled(place, writers=1)


def _together(place: Path) -> float:
    return _journalled(place, writers=WRITERS)


def _journalled(place: Path, *, writers: int) -> float:
    async def main() -> float:
        worker = Worker("journal")
        journal = await _open(place, worker)
        each = COMMITS // writers

        async def write(number: int) -> None:
            for one in range(each):
                await journal.append([sale(number * each + one)])

        started = perf_counter()
        await asyncio.gather(*(write(number) for number in range(writers)))
        took_s = perf_counter() - started
        await journal.close()
        worker.close()
        return writers * each / took_s

    return asyncio.run(main())


def _bytes_per_entry(place: Path) -> float:
    """What the process hands to the kernel, checkpoints included."""
    before = _written()
    _journalled(place, writers=1)
    return (_written() - before) / COMMITS


def _written() -> int:
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["wchar"])


def _seals() -> float:
    started = perf_counter()
    for number in range(COMMITS):
        seal(sale(number), stream=STREAM, source="/a/b/c", sequence=1, prevhash="0" * 64)
    return COMMITS / (perf_counter() - started)


async def _open(place: Path, worker: Worker) -> SqliteJournal:
    chance = random.Random(1)
    return await open_journal(place / "journal.db", source="/a/b/c", chance=chance, run=worker.run)
