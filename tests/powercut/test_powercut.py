"""The promise: what the journal has acknowledged survives any power cut, whole and chained.

The real process runs under strace; from what it did to its files every kind of state is built
that a cut could have left, and each is opened. With `synchronous=NORMAL` the same test must find
losses: a test that cannot fail shows nothing.
"""

import asyncio
import hashlib
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from posedge.journal import store
from posedge.journal.mark import home_of
from posedge.journal.store import open_journal
from posedge.journal.verify import export, verify
from posedge.model.entry import Entry
from tests.doubles.drafts import draft
from tests.powercut.disk import Disk, Files
from tests.powercut.trace import Said, Step, record

T = TypeVar("T")

NAME = "journal.db"
STREAM = "91b7584a2265b1f5"  # of the workload's seed
OPEN_EVERY = 25  # every state is verified, some also go on as a journal


class Promises:
    """What had been said on fd 1 when the power went."""

    def __init__(self) -> None:
        self.ready = False
        self.acknowledged: dict[int, str] = {}

    def hear(self, line: str) -> None:
        word, *values = line.split() or [""]
        self.ready = self.ready or word == "READY"
        if word == "ACK":
            self.acknowledged[int(values[0])] = values[1]

    def judge(self, path: Path) -> str:
        """Return `ok`, or what is wrong with the journal at `path`."""
        if not self.ready:
            return "ok"  # nothing was promised yet
        if not path.exists():
            return "lost"
        faults = verify(path).faults
        if any("is missing, changed or foreign" in fault for fault in faults):
            return "lost"  # with the tables themselves
        if faults:
            return f"corrupt: {faults[0]}"
        entries = [Entry.from_body(line.encode()) for line in export(path)]
        if self.acknowledged.items() - {entry.sequence: entry.hash for entry in entries}.items():
            return "lost"
        newest = max((entry.data.get("number", 0) for entry in entries), default=0)
        return "ok" if noted(path) == newest else "an entry and its note are not one transaction"


def noted(path: Path) -> int:
    """Return the note that each append writes with its entry."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT value FROM note WHERE name = 'number'").fetchall()
    return int(rows[0][0]) if rows else 0


def crashes(steps: list[Step], *, combinations: int) -> Iterator[tuple[Files, Promises]]:
    """Yield each distinct state, and what had been promised by then."""
    disk, promises, chance = Disk(), Promises(), random.Random(1)
    seen: set[bytes] = set()
    for step in steps:
        if isinstance(step, Said):
            promises.hear(step.line)
        disk.follow(step)
        for files in disk.states(chance, combinations):
            digest = hashlib.blake2b(b"%d %d" % (promises.ready, len(promises.acknowledged)))
            for name, content in sorted(files.items()):
                digest.update(b"%s %d " % (name.encode(), len(content)) + content)
            if digest.digest() not in seen:
                seen.add(digest.digest())
                yield files, promises


def survey(
    steps: list[Step], *, combinations: int, opens: Callable[[Path, Promises], None] | None = None
) -> Counter[str]:
    """Build every state in memory and count the verdicts."""
    verdicts: Counter[str] = Counter()
    for number, (files, promises) in enumerate(crashes(steps, combinations=combinations)):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            path = Path(folder) / NAME
            verdicts[promises.judge(path)] += 1
            if opens and (number % OPEN_EVERY == 0 or not promises.ready):
                opens(path, promises)
    return verdicts


def go_on(path: Path, promises: Promises) -> None:
    """Open the state as the box would when the power is back, and journal on."""

    async def inline(call: Callable[[], T], /) -> T:
        return call()

    async def main() -> None:
        chance = random.Random(1)
        journal = await open_journal(path, source="/a/b/c", chance=chance, run=inline)
        assert journal.stream == STREAM  # the mark is never ahead: nothing looks put back
        before = journal.last
        (entry,) = await journal.append([draft(0)])
        assert entry.sequence == before + 1 > max(promises.acknowledged, default=0)
        await journal.close()

    asyncio.run(main())
    assert verify(path).faults == ()


def traced(folder: Path, synchronous: str, appends: int) -> list[Step]:
    command = ["tests.powercut.workload", str(folder / NAME), synchronous, str(appends)]
    return record(command, folder, folder.with_suffix(".strace"))


@pytest.mark.slow
def test_no_power_cut_loses_what_was_acknowledged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    steps = traced(tmp_path, "FULL", 24)
    home = home_of(tmp_path / NAME)  # the states are this very file, not copies
    monkeypatch.setattr(store, "home_of", lambda _path: home)
    verdicts = survey(steps, combinations=4, opens=go_on)
    record_property("crash_states", verdicts.total())
    assert verdicts == {"ok": verdicts.total()}
    assert verdicts.total() >= 2000


def test_with_synchronous_normal_entries_are_lost(tmp_path: Path) -> None:
    """The control: the same process, the same states, one setting less."""
    verdicts = survey(traced(tmp_path, "NORMAL", 12), combinations=1)
    assert verdicts["lost"] > verdicts.total() // 10
