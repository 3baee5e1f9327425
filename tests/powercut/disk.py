"""What a power cut may leave of what a process did: every state that POSIX allows, and some worse.

Written data is safe when an fsync of its file has returned, a name when one of the directory has.
Until then each write may be there, absent, torn at a sector, or have made the file longer without
its bytes; each in any combination, and names likewise.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.powercut.trace import Create, Said, Step, Sync, Truncate, Unlink, Write

SECTOR = 512

Files = dict[str, bytes]


@dataclass
class Image:
    """Names and bytes of one state of the directory."""

    names: dict[str, int] = field(default_factory=dict)
    bytes: dict[int, bytearray] = field(default_factory=dict)

    def copy(self) -> "Image":
        return Image(dict(self.names), {file: bytearray(b) for file, b in self.bytes.items()})

    def apply(self, step: Step) -> None:
        match step:
            case Write(file, offset, data):
                held = self.bytes.setdefault(file, bytearray())
                held.extend(bytes(max(0, offset + len(data) - len(held))))
                held[offset : offset + len(data)] = data
            case Truncate(file, size):
                held = self.bytes.setdefault(file, bytearray())
                held.extend(bytes(max(0, size - len(held))))
                del held[size:]
            case Create(name, file):
                self.names[name] = file
            case Unlink(name, file):
                if self.names.get(name) == file:
                    del self.names[name]

    def files(self) -> Files:
        return {name: bytes(self.bytes.get(file, b"")) for name, file in self.names.items()}


class Disk:
    """Follows the steps; `states` is what a cut at this moment may leave."""

    def __init__(self) -> None:
        self._safe = Image()
        self._pending: list[Step] = []

    def follow(self, step: Step) -> None:
        if isinstance(step, Sync):
            done = [one for one in self._pending if _covers(step, one)]
            self._pending = [one for one in self._pending if not _covers(step, one)]
            for one in done:
                self._safe.apply(one)
        elif not isinstance(step, Said):
            self._pending.append(step)

    def states(self, chance: random.Random, combinations: int) -> Iterator[Files]:
        """Nothing that is not safe, all of it, all but the newest, and some combinations."""
        yield self._left([])
        if not self._pending:
            return
        yield self._left(self._pending)
        yield self._left(self._pending[:-1])
        for _ in range(combinations):
            yield self._left([part for one in self._pending for part in _survived(one, chance)])

    def _left(self, survived: list[Step]) -> Files:
        image = self._safe.copy()
        for step in survived:
            image.apply(step)
        return image.files()


def _covers(sync: Sync, step: Step) -> bool:
    if sync.file is None:
        return isinstance(step, Create | Unlink)
    return isinstance(step, Write | Truncate) and step.file == sync.file


def _survived(step: Step, chance: random.Random) -> list[Step]:
    dice = chance.random()
    if dice < 0.5:
        return [step]
    if isinstance(step, Write) and dice < 0.7:
        sectors = chance.randrange(len(step.data) // SECTOR + 1)
        return [Write(step.file, step.offset, step.data[: sectors * SECTOR])]
    if isinstance(step, Write) and dice < 0.8:
        return [Write(step.file, step.offset + len(step.data), b"")]
    return []
