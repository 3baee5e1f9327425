"""What a disk holds after a power cut, from QEMU's log of its writes (blklogwrites).

The format is that of the kernel's dm-log-writes: a super block, then entries, each in sectors and
followed by its data. Everything in front of the last flush is on the disk; a drive may have kept
any of the later writes in its cache, or written it.
"""

import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
FLUSH, DISCARD = 1, 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: `flushes` says that everything in front of it is on the disk.

    `data` is written at byte `at`, empty when nothing is. `end` is the log's length behind it.
    """

    at: int
    data: bytes
    flushes: bool
    end: int


@dataclass(frozen=True, slots=True)
class Survived:
    """How many writes were there behind the last flush, and how many of them chance kept."""

    late: int
    kept: int


@dataclass(slots=True)
class Cache:
    """A drive: `disk` holds what was flushed, `late` what it has only taken so far."""

    disk: Path
    late: list[Entry] = field(default_factory=list[Entry])

    def take(self, entry: Entry) -> None:
        if entry.flushes:
            self._write(self.late)
            self.late = []
        if entry.data:
            self.late.append(entry)

    def lose_power(self, chance: random.Random) -> Survived:
        """Write what `chance` lets it keep of the late writes; the rest is gone."""
        kept = [each for each in self.late if chance.random() < 0.5]
        survived = Survived(len(self.late), len(kept))
        self._write(kept)
        self.late = []
        return survived

    def _write(self, entries: Iterable[Entry]) -> None:
        with self.disk.open("r+b") as file:
            for each in entries:
                file.seek(each.at)
                file.write(each.data)


def replay(log: Path, disk: Path, chance: random.Random) -> Survived:
    """Write into `disk`, which is as it was when the log began, what the cut left of it."""
    cache = Cache(disk)
    for entry in entries(log):
        cache.take(entry)
    return cache.lose_power(chance)


def entries(log: Path) -> Iterator[Entry]:
    """Yield the log's entries; the last may be cut off, as the machine was."""
    with log.open("rb") as file:
        magic, _, _, sector = SUPER.unpack(file.read(SUPER.size))
        assert (magic, sector) == (MAGIC, SECTOR), "not a log of QEMU's"
        file.seek(SECTOR)
        while len(head := file.read(SECTOR)) == SECTOR:
            at, sectors, flags, _ = ENTRY.unpack_from(head)
            length = 0 if flags & DISCARD else sectors * SECTOR
            data = file.read(length)
            if len(data) < length or not (sectors or flags):
                return
            yield Entry(at * SECTOR, data, bool(flags & FLUSH), file.tell())
