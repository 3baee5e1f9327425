"""What a process did to a directory, read from `strace -f -y -xx`.

A call that another thread interrupts is printed in two parts. A write counts from its first part
on (it may be on the disk from there), an fsync from its second (not before has it promised
anything), and an acknowledgement from its first (somebody may have read it).
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink"


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Create:
    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Unlink:
    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Sync:
    """`file` None: the directory itself."""

    file: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """A line on fd 1."""

    line: str


Step = Write | Truncate | Create | Unlink | Sync | Said


def record(command: Sequence[str], directory: Path, log: Path) -> list[Step]:
    """Run a Python module under strace and return what it did to the files in `directory`."""
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-o", str(log)]
    subprocess.run(
        [*strace, "-e", f"trace={CALLS}", sys.executable, "-m", *command],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with log.open() as lines:
        return list(_Reader(directory).steps(lines))


_LINE = re.compile(r"\d+ +(?:<\.\.\. (?P<resumed>\w+) resumed>.*|(?P<call>\w+)\((?P<args>.*))")
_HEX = re.compile(r"\\x([0-9a-f]{2})")
_FD = re.compile(r"(\d+)<([^>]*)>")


class _Reader:
    """Gives files an identity: what is created under an old name is another file."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._live: dict[str, int] = {}
        self._syncing: dict[str, Sync] = {}
        self._count = 0

    def steps(self, lines: Iterable[str]) -> Iterator[Step]:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            thread = line.split(maxsplit=1)[0]
            if found["resumed"] in ("fsync", "fdatasync"):
                step: Step | None = self._syncing.pop(thread, None)
            elif found["resumed"]:
                continue
            else:
                step = self._step(found["call"], found["args"])
                if isinstance(step, Sync) and "unfinished" in line:
                    self._syncing[thread] = step
                    continue
            if step is not None:
                yield step

    def _step(self, call: str, args: str) -> Step | None:
        if call in ("openat", "unlink"):
            return self._named(call, args)
        descriptor = _FD.match(args)
        assert descriptor is not None, args[:100]
        if call == "write":
            said = descriptor[1] == "1"
            return Said(_bytes(args.split('"')[1]).decode().strip()) if said else None
        path = _text(descriptor[2])
        if path == self._directory:
            return Sync(None)
        name = self._inside(path)
        return None if name is None else _change(call, args, self._live[name])

    def _named(self, call: str, args: str) -> Step | None:
        name = self._inside(_text(args.split('"')[1]))
        if name is None or "= -1" in args:
            return None
        if call == "unlink":
            return Unlink(name, self._live.pop(name))
        if name in self._live or "O_CREAT" not in args:
            return None
        self._count += 1
        self._live[name] = self._count
        return Create(name, self._count)

    def _inside(self, path: str) -> str | None:
        """Return the name of a file that a power cut leaves: -shm is memory."""
        folder, _, name = path.rpartition("/")
        return name if folder == self._directory and not name.endswith("-shm") else None


def _change(call: str, args: str, file: int) -> Step:
    if call not in ("pwrite64", "ftruncate"):
        return Sync(file)
    number = re.search(r", (\d+)(?:\) | <unfinished)", args)
    assert number is not None, args[-100:]
    if call == "ftruncate":
        return Truncate(file, int(number[1]))
    return Write(file, int(number[1]), _bytes(args.split('"')[1]))


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex("".join(_HEX.findall(escaped)))


def _text(path: str) -> str:
    return _bytes(path).decode() if path.startswith("\\x") else path
