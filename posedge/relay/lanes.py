"""The journal's streams on their way to headquarters: whose turn it is, and how far each one is.

A journal that was restored, copied or re-imaged goes on in a new stream, and keeps the entries of
the old ones. What headquarters lacks of those goes first, oldest first. So whoever holds anything
of a stream holds all of the streams before it, also a headquarters that was restored from a
backup, and only one that holds nothing of a stream must be asked about the one before.
"""

from itertools import pairwise

from posedge.journal.interface import Journal, Stream
from posedge.model.messages import Sync
from posedge.relay.position import Position

_ACKED = "relay.acked:"


class Lane:
    """One stream. `asked` on this connection; `doubted`: shall be asked, although all is acked."""

    def __init__(self, journal: Journal, stream: Stream, acked: int = 0) -> None:
        self._journal = journal
        self._stream = stream
        # A stored cursor beyond the end belongs to a journal that lost its end.
        self.saved = min(acked, self.last)
        self.position = Position(self.saved)
        self.asked = False
        self.doubted = False

    def __repr__(self) -> str:
        return f"<Lane {self.stream}/{self.last}, {self.position!r}>"

    @property
    def stream(self) -> str:
        return self._stream.id

    @property
    def current(self) -> bool:
        return self.stream == self._journal.stream

    @property
    def last(self) -> int:
        return self._journal.last if self.current else self._stream.last

    @property
    def behind(self) -> int:
        return max(0, self.last - self.position.acked)

    @property
    def waiting(self) -> bool:
        """Whether headquarters must be asked or told before a newer stream goes on."""
        return self.doubted or self.position.upto < self.last

    def sync(self, session: int) -> Sync:
        """Say what there is of this stream, to ask how far headquarters is."""
        return Sync(
            stream=self.stream,
            first=min(1, self.last),
            last=self.last,
            acked=self.position.acked,
            session=session,
        )


class Lanes:
    """One lane per stream, oldest first. `box` is the name that our own entries bear."""

    def __init__(self, journal: Journal, box: str) -> None:
        self._journal = journal
        self._box = box
        self._lanes = [Lane(journal, stream) for stream in journal.streams]
        self._oldest: tuple[str, int, str | None] = ("", 0, None)

    @property
    def current(self) -> Lane:
        return self._lanes[-1]

    @property
    def next(self) -> Lane:
        """The oldest lane that headquarters waits for, else the current one."""
        return next((lane for lane in self._lanes if lane.waiting), self.current)

    @property
    def behind(self) -> int:
        return sum(lane.behind for lane in self._lanes)

    @property
    def oldest(self) -> str | None:
        """When the oldest entry that is not confirmed was journalled, as of the last `keep`."""
        return self._oldest[2] if self.behind else None

    def of(self, stream: str) -> Lane | None:
        return next((lane for lane in self._lanes if lane.stream == stream), None)

    async def load(self) -> None:
        notes = await self._journal.notes(_ACKED)
        self._lanes = [
            Lane(self._journal, stream, int(notes.get(_ACKED + stream.id, "0")))
            for stream in self._journal.streams
        ]

    async def keep(self) -> None:
        """Save the cursors that moved. A lost move costs duplicates, never an entry."""
        moved = {lane: lane.position.acked for lane in self._lanes}
        moved = {lane: acked for lane, acked in moved.items() if acked != lane.saved}
        if moved:
            notes = {_ACKED + lane.stream: str(acked) for lane, acked in moved.items()}
            await self._journal.append((), notes=notes)
            for lane, acked in moved.items():
                lane.saved = acked
        await self._date()

    def forget(self) -> None:
        """Begin a conversation: headquarters may be another one, or have lost something."""
        for lane in self._lanes:
            lane.asked = False

    async def doubt(self, lane: Lane) -> None:
        """Headquarters holds nothing of `lane`: have it asked about the stream before, once.

        Not about one that another box wrote, whose file was cloned: that box has sent it, and
        headquarters knows nothing of it under our name.
        """
        before = next((older for older, newer in pairwise(self._lanes) if newer is lane), None)
        if before is not None and not before.asked and await self._ours(before):
            before.doubted = True

    async def _ours(self, lane: Lane) -> bool:
        entries = await self._journal.after(0, 1, stream=lane.stream)
        boxes = {entry.source.rpartition("/")[2] for entry in entries if entry.hash}
        return boxes <= {self._box}

    async def _date(self) -> None:
        lane = next((lane for lane in self._lanes if lane.behind), None)
        if lane is None or self._oldest[:2] == (lane.stream, lane.position.acked):
            return
        acked = lane.position.acked
        for entry in await self._journal.after(acked, 1, stream=lane.stream):
            self._oldest = (lane.stream, acked, entry.time or None)
