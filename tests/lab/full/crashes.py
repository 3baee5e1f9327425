"""Every write that the box made may have been its last: what is on the disk then, and is it whole?

One run is recorded, and its disk made anew for one moment after the other, as CrashMonkey does
(Mohan et al., OSDI 2018). Nothing boots: the file system is put right by e2fsck, as at a start,
and the files are read out of it.
"""

import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from posedge.journal.verify import export, verify
from tests.lab.full.blocklog import Cache, Survived, entries

MOST = 300
"""Moments that are looked at; each takes a fifth of a second."""

COMPLETED = "io.posedge.sale.completed.v1"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody outside knew when the log was `end` bytes long: these must be there."""

    end: int
    sales: frozenset[str] = frozenset()
    event: int = 0


@dataclass(frozen=True, slots=True)
class Disks:
    """The disk as it was when the log began, the log, and a folder to work in."""

    before: Path
    log: Path
    folder: Path


def look_at_all(disks: Disks, told: Sequence[Told], chance: random.Random) -> str:
    """Look at up to MOST moments since the first of `told`; AssertionError at the first fault."""
    late: list[Survived] = []
    for end, survived in _moments(disks, told[0].end, chance):
        files = _files(disks.folder)
        known = [each for each in told if each.end <= end]
        sales = {sale for each in known for sale in each.sales}
        _whole(files, sales, known[-1].event, end)
        late.append(survived)
    lost = sum(each.late - each.kept for each in late)
    midway = sum(each.late > 0 for each in late)
    assert midway, "no moment had a write that no flush had followed"
    return (
        f"power cut at {len(late)} moments, {midway} of them between a write and its flush"
        f" ({lost} writes lost): journal and events whole, nothing missing that was told"
    )


def _moments(disks: Disks, first: int, chance: random.Random) -> Iterator[tuple[int, Survived]]:
    """Yield moments in their order, with the disk of each at `folder`/disk."""
    logged = list(entries(disks.log))
    since = [index for index, each in enumerate(logged) if each.end > first]
    chosen = set(chance.sample(since, min(MOST, len(since))))
    base, disk = disks.folder / "base", disks.folder / "disk"
    shutil.copyfile(disks.before, base)
    cache = Cache(base)
    for index, entry in enumerate(logged):
        cache.take(entry)
        if index in chosen:
            shutil.copyfile(base, disk)
            yield entry.end, Cache(disk, list(cache.late)).lose_power(chance)


def _files(folder: Path) -> Path:
    """Return a folder with what is on `folder`/disk."""
    disk, files = folder / "disk", folder / "files"
    check = ["/sbin/e2fsck", "-fy", str(disk)]
    checked = subprocess.run(check, capture_output=True, check=False)
    assert checked.returncode in {0, 1}, ("e2fsck", checked.stdout.decode())
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    reading = ["/sbin/debugfs", "-R", f"rdump / {files}", str(disk)]
    subprocess.run(reading, capture_output=True, check=True)
    return files


def _whole(files: Path, sales: set[str], event: int, end: int) -> None:
    report = verify(files / "journal.db")
    assert not report.faults, (end, "damaged", report.faults)
    found = {
        entry["subject"].removeprefix("sale/")
        for entry in map(json.loads, export(files / "journal.db"))
        if entry["type"] == COMPLETED
    }
    assert sales <= found, (end, "missing", sales - found)
    with closing(sqlite3.connect(files / "events.db")) as database:
        ((sound,),) = database.execute("PRAGMA integrity_check")
        ((last,),) = database.execute("SELECT coalesce(max(sequence), 0) FROM event")
    assert sound == "ok", (end, "damaged", sound)
    assert event <= last, (end, "missing", f"event {event} was told, {last} is the last")
