"""What a disk holds after a power cut, from QEMU's log of its writes (blklogwrites).

The format is that of the kernel's dm-log-writes: a super block, then entries, each in sectors and
followed by its data. Everything in front of the last flush is on the disk; a drive may have kept
any of the later writes in its cache, or written it.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SECTOR = 512
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
FLUSH, DISCARD = 1, 4


@dataclass(frozen=True, slots=True)
class Write:
    """`data` at byte `at`; `flushed`: a flush came after it."""

    at: int
    data: bytes
    flushed: bool


@dataclass(frozen=True, slots=True)
class Survived:
    """How many writes were there behind the last flush, and how many of them chance kept."""

    late: int
    kept: int


def replay(log: Path, disk: Path, chance: random.Random) -> Survived:
    """Write into `disk`, which is as it was when the log began, what the cut left of it."""
    late = kept = 0
    with disk.open("r+b") as file:
        for write in list(_writes(log)):
            late += not write.flushed
            if write.flushed or chance.random() < 0.5:
                kept += not write.flushed
                file.seek(write.at)
                file.write(write.data)
    return Survived(late, kept)


def _writes(log: Path) -> Iterator[Write]:
    """Yield all writes in their order."""
    with log.open("rb") as file:
        magic, _, entries, sector = SUPER.unpack(file.read(SUPER.size))
        assert (magic, sector) == (MAGIC, SECTOR), "not a log of QEMU's"
        file.seek(SECTOR)
        pending: list[Write] = []
        for _ in range(entries):  # the super block counts them at each flush
            at, length, flags = _entry(file)
            if flags & FLUSH:
                yield from (Write(each.at, each.data, flushed=True) for each in pending)
                pending = []
            if not flags & DISCARD and length:
                pending.append(Write(at, file.read(length), flushed=False))
        yield from pending
        yield from _tail(file)


def _entry(file: BinaryIO) -> tuple[int, int, int]:
    sector, sectors, flags, _ = ENTRY.unpack(file.read(ENTRY.size))
    file.seek(SECTOR - ENTRY.size, 1)
    return sector * SECTOR, sectors * SECTOR, flags


def _tail(file: BinaryIO) -> Iterator[Write]:
    """Yield what was written since the last flush and not yet counted."""
    while len(head := file.read(SECTOR)) == SECTOR:
        sector, sectors, flags, _ = ENTRY.unpack_from(head)
        data = b"" if flags & DISCARD else file.read(sectors * SECTOR)
        if flags & FLUSH or not sectors or len(data) < sectors * SECTOR:
            return
        yield Write(sector * SECTOR, data, flushed=False)
