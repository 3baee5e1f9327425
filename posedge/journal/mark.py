"""What lies beside the journal: the lock, and a memory of how far the journal had come.

`<journal>.mark` is one line, always of the same length, written in place at start, at checkpoints
and at the end, after the commits it speaks of and never synced: it may be old, never ahead. A
journal that lacks what its mark remembers was put back from a copy, and would write other entries
under numbers that headquarters has seen.
"""

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

from posedge.model.errors import StorageError

MACHINE_ID = Path("/etc/machine-id")

_LINE = re.compile(rb"([0-9a-f]{16}) ([0-9]{20}) ([0-9a-f]{64}|[0-9a-f]{16} {48})\n")


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry that the journal once had; `hash` is the stream id for sequence 0."""

    stream: str
    sequence: int
    hash: str


class MarkFile:
    """The open, locked mark; whoever holds it is the one writer of the journal."""

    def __init__(self, journal: Path) -> None:
        try:
            self._file = os.open(mark_path(journal), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            what = f"{journal}: {error.strerror}; the directory must exist and be ours"
            raise StorageError("storage.unreachable", what) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            what = f"another posedge has {journal} open: end it first"
            raise StorageError("storage.busy", what) from None

    def read(self) -> Mark | None:
        """Return what was remembered; None when nothing was, or when it did not survive."""
        return parse(os.pread(self._file, 256, 0))

    def write(self, mark: Mark) -> None:
        line = f"{mark.stream} {mark.sequence:020} {mark.hash:64}\n"
        os.pwrite(self._file, line.encode(), 0)

    def close(self) -> None:
        os.close(self._file)


def mark_path(journal: Path) -> Path:
    return journal.with_name(journal.name + ".mark")


def parse(line: bytes) -> Mark | None:
    """Read a mark's line."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return Mark(found[1].decode(), int(found[2]), found[3].decode().rstrip())


def home_of(journal: Path) -> str:
    """Name the place of this very file: the machine and the inode.

    A copy has another inode, a cloned card of another box another machine id. It can't see a card
    that was cloned bit by bit and stays in a machine with the same id: headquarters sees that one,
    as a fork.
    """
    try:
        machine = MACHINE_ID.read_text().strip()
    except FileNotFoundError:  # a container
        machine = "-"
    return f"{machine} {journal.stat().st_ino}"
