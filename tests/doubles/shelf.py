"""A shelf in memory: what the bus needs, without a disk."""

from collections.abc import Sequence

from posedge.model.events import Envelope, Event


class MemoryShelf:
    """Holds the last `keep` events (None: all of them); `events` is what was put, in order."""

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self._held: list[Envelope] = []
        self._last = 0

    @property
    def events(self) -> list[Event]:
        return [envelope.event for envelope in self._held]

    async def put(self, event: Event) -> Envelope:
        self._last += 1
        envelope = Envelope(sequence=self._last, event=event)
        self._held.append(envelope)
        if self._keep is not None:
            del self._held[: -self._keep or None]
        return envelope

    async def after(self, sequence: int, limit: int) -> Sequence[Envelope]:
        return [envelope for envelope in self._held if envelope.sequence > sequence][:limit]

    @property
    def held(self) -> tuple[int, int]:
        first = self._held[0].sequence if self._held else self._last + 1
        return first, self._last
