"""Where a new event log would begin: a number that no event has reached, in a file of its own.

The log may be damaged or lost. Its numbers must not come again: they are where tills go on.
"""

import os
from pathlib import Path

import structlog

from posedge.journal.database import sync_directory

STEP = 10_000
"""Numbers between two writes, of which each costs an fsync."""

SPARE = STEP // 2
"""Numbers left when it is raised: many more than the events of one commit."""

log = structlog.get_logger()


class Ceiling:
    """`number` is never below the log's last one; 0 before there was any event.

    All of it blocks, and belongs to the log's thread.
    """

    def __init__(self, event_log: Path) -> None:
        self._path = event_log.with_name(event_log.name + ".ceiling")
        self.number = self._read()

    def follow(self, last: int) -> None:
        """Rise before `last` comes near; a disk that refuses is asked again next time."""
        if not last or last <= self.number - SPARE:
            return
        try:
            self._write(last + STEP)
        except OSError as error:
            log.warning("event log's ceiling not written", path=str(self._path), error=str(error))
        else:
            self.number = last + STEP

    def _read(self) -> int:
        try:
            text = self._path.read_bytes().strip()
        except FileNotFoundError:
            return 0
        return int(text) if text.isdigit() else 0

    def _write(self, number: int) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, b"%020d\n" % number, 0)
            os.fsync(file)
        finally:
            os.close(file)
        sync_directory(self._path.parent)
