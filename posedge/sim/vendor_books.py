"""What the terminal behind a vendor's program remembers, in files (posedge.sim.vendor_program)."""

import fcntl
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

FOLDER = Path(sys.argv[0]).resolve().parent
BOOKS, BUSY, FAULTS, THOUGHT = (FOLDER / each for each in ("books", "busy", "faults", "thought"))

Entry = dict[str, Any]


class Books:
    """Lines that are only appended; the last words on a reference count."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        file.seek(0)
        self.entries: dict[str, Entry] = {}
        for line in file:
            entry = json.loads(line)
            self.entries.setdefault(entry["reference"], {}).update(entry)

    def note(self, reference: str, **news: object) -> None:
        self.entries.setdefault(reference, {}).update(news)
        self._file.write(json.dumps({"reference": reference, **news}) + "\n")
        self._file.flush()


@contextmanager
def books() -> Generator[Books]:
    """Open them for this process alone."""
    with BOOKS.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Books(file)


def faults() -> Entry:
    known: Entry = json.loads(FAULTS.read_text())
    return known


@contextmanager
def at_work() -> Generator[bool]:
    """Whether the terminal was free; it is not, until the block ends."""
    with BUSY.open("a") as busy:
        try:
            fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def is_kept(entry: Entry | None) -> bool:
    return entry is not None and entry["state"] == "committed" and not entry.get("reversed")
