import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from posedge.clock import Clock
from posedge.journal import prints as prints_module
from posedge.journal.prints import SqlitePrints, open_prints
from posedge.model.errors import StorageError
from posedge.model.printing import PrintContent, PrintJob, PrintOrder, PrintState
from posedge.model.receipt import Receipt, Text
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.tasks import Worker

DAY_NS = 86_400 * NS_PER_S


class Days:
    """A clock that a test sets by the day."""

    day = 20_000
    trusted = True

    def now(self) -> Stamp:
        ns = self.day * DAY_NS
        return Stamp(utc_ns=ns, monotonic_ns=ns, boot_id="b" * 32, trusted=self.trusted)


def order(number: int) -> PrintOrder:
    return PrintOrder(
        id=f"job-{number}",
        owner="till-1",
        title="a job",
        receipt=Receipt(parts=(Text(text="Hello"),)),
    )


def job(number: int, state: PrintState = PrintState.QUEUED) -> PrintJob:
    return PrintJob(
        id=f"job-{number}",
        printer=None,
        content=PrintContent.RECEIPT,
        copies=1,
        state=state,
        accepted="now",
    )


@asynccontextmanager
async def opened(path: Path, clock: Clock) -> AsyncIterator[SqlitePrints]:
    worker = Worker("prints")
    prints = await open_prints(path / "prints.db", clock=clock, run=worker.run)
    try:
        yield prints
    finally:
        await prints.close()
        worker.close()


async def test_jobs_are_there_after_a_restart_in_their_order(tmp_path: Path) -> None:
    async with opened(tmp_path, Days()) as prints:
        for number in (2, 1, 3):
            await prints.add(order(number), job(number))
        await prints.save(job(1, PrintState.PRINTING))
        await prints.save(job(3, PrintState.DONE))
    async with opened(tmp_path, Days()) as prints:
        assert await prints.unfinished() == (job(2), job(1, PrintState.PRINTING))
        assert await prints.order("job-1") == order(1)
        assert await prints.find("job-3") == (job(3, PrintState.DONE), order(3).digest)
        assert await prints.find("job-4") is None
        assert prints.alarm is None


async def test_raw_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    raw = PrintOrder(id="job-1", owner="till-1", title="a job", raw=bytes(range(256)))
    async with opened(tmp_path, Days()) as prints:
        await prints.add(raw, job(1))
    async with opened(tmp_path, Days()) as prints:
        assert await prints.order("job-1") == raw
        assert raw.digest == (await prints.order("job-1")).digest


async def test_what_ended_is_known_for_a_month(tmp_path: Path) -> None:
    clock = Days()
    async with opened(tmp_path, clock) as prints:
        for number in (1, 2):
            await prints.add(order(number), job(number))
        await prints.save(job(1, PrintState.DONE))
    clock.day += 30
    async with opened(tmp_path, clock) as prints:
        assert await prints.find("job-1") is not None
    clock.day += 1
    async with opened(tmp_path, clock) as prints:
        assert await prints.find("job-1") is None
        assert await prints.find("job-2") is not None


async def test_beyond_the_count_the_oldest_that_ended_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prints_module, "KEEP_ENDED", 2)
    monkeypatch.setattr(prints_module, "DROP_EVERY", 6)
    clock = Days()
    clock.trusted = False
    async with opened(tmp_path, clock) as prints:
        for number in range(6):
            await prints.add(order(number), job(number))
            if number != 1:
                await prints.save(job(number, PrintState.DONE))
        kept = [number for number in range(6) if await prints.find(f"job-{number}")]
        assert kept == [1, 3, 4, 5]


async def test_a_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "prints.db").write_bytes(b"no database at all" * 100)
    async with opened(tmp_path, Days()) as prints:
        assert "set aside" in (prints.alarm or "")
        await prints.add(order(1), job(1))
    async with opened(tmp_path, Days()) as prints:
        assert prints.alarm is None
        assert len(await prints.unfinished()) == 1


async def test_damage_inside_is_found_at_the_start(tmp_path: Path) -> None:
    async with opened(tmp_path, Days()) as prints:
        for number in range(50):
            await prints.add(order(number), job(number))
    path = tmp_path / "prints.db"
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 3] = b"\xff" * 4096
    path.write_bytes(data)
    async with opened(tmp_path, Days()) as prints:
        assert prints.alarm is not None


async def test_a_foreign_writer_is_no_reason_to_set_it_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posedge.journal.database.BUSY_S", 0.01)
    async with opened(tmp_path, Days()):
        pass
    other = sqlite3.connect(tmp_path / "prints.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError):
        async with opened(tmp_path, Days()):
            pass
    other.close()
    assert not (tmp_path / "prints.db.damaged").exists()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.journal.test_prints import Days, job, opened, order

async def main():
    async with opened(Path(sys.argv[1]), Days()) as prints:
        for number in range(1000):
            await prints.add(order(number), job(number))
            print(number, flush=True)

asyncio.run(main())
"""


async def test_what_was_accepted_survives_kill_9(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(20):
        await process.stdout.readline()
    process.kill()
    rest = await process.stdout.read()
    await process.wait()
    told = 20 + rest.count(b"\n")
    async with opened(tmp_path, Days()) as prints:
        held = await prints.unfinished()
        assert prints.alarm is None
    assert told <= len(held) <= told + 1
    assert [each.id for each in held] == [f"job-{number}" for number in range(len(held))]
