"""The box as a machine: switched on, spoken to as root, cut off from the power."""

import asyncio
import base64
import random
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from posedge.demo.ports import free_port
from tests.lab.full.blocklog import Survived, replay
from tests.lab.full.crashes import Disks
from tests.lab.machine import HERE, qemu

SPOKEN_S = 600
"""Booting under emulation takes a minute, and ten where others work too."""

DATA_BYTES = 64 * 1024 * 1024
LINE_BYTES = 1024 * 1024


class Machine:
    """`cache` is as tests.lab.machine.prepare left it; `folder` is this run's own."""

    def __init__(self, cache: Path, folder: Path) -> None:
        self._cache = cache
        self.folder = folder
        self.port = free_port()
        self._data, self._before = folder / "data.img", folder / "data.before"
        self._log, self._agent = folder / "data.log", folder / "agent"
        self._process: asyncio.subprocess.Process | None = None
        self._lines: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def build(self) -> None:
        """Make the disks; as root or with sudo."""
        self.folder.chmod(0o755)  # the guest's user posedge reads in it
        where = self._cache / "full"
        subprocess.run([*as_root(), HERE / "full/prepare", where], check=True)
        with self._data.open("wb") as file:
            file.truncate(DATA_BYTES)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", self._data], check=True)

    async def switch_on(self, plugged: Sequence[str] = ()) -> None:
        """Boot, with these things plugged in; return when it can be spoken to."""
        (self.folder / "plugged").write_text(" ".join(plugged))
        shutil.copyfile(self._data, self._before)
        self._log.write_bytes(b"")
        self._agent.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *qemu(
                self._cache,
                f"disk=/dev/vda run={self.folder}",
                f"file:{self.folder}/console.log",
                f"unix:{self._agent},server=on,wait=off",
            ),
            *self._drives(),
            *("-netdev", f"user,id=shop,hostfwd=tcp:127.0.0.1:{self.port}-:8080"),
            *("-device", "virtio-net-pci,netdev=shop"),
            stdin=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(SPOKEN_S):
            self._lines = await self._connect()
            await self._lines[0].readuntil(b"ready\n")

    async def run(self, command: str, *, fails: bool = False) -> str:
        """Have bash in the guest run it as root; AssertionError when it `fails` or does not."""
        assert self._lines is not None, "switch it on first"
        reader, writer = self._lines
        writer.write(base64.b64encode(command.encode()) + b"\n")
        answer = await reader.readuntil(b"\n")
        code, _, output = answer.decode().strip().partition(" ")
        said = base64.b64decode(output).decode(errors="replace").strip()
        assert (code != "0") is fails, f"{command}: {code}: {said}"
        return said

    @property
    def logged(self) -> int:
        """How long the log of its writes is, in bytes."""
        return self._log.stat().st_size

    @contextmanager
    def recorded(self) -> Generator[Disks]:
        """Lend what it wrote since it was switched on, as the log is now; it goes on."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            log = Path(shutil.copyfile(self._log, folder / "log"))
            yield Disks(self._before, log, folder)

    async def cut(self, chance: random.Random) -> Survived:
        """Take the power away. The disk then holds what a disk without power does."""
        await self._kill()
        survived = replay(self._log, self._before, chance)
        self._before.replace(self._data)
        return survived

    async def switch_off(self) -> None:
        """As a person does who has no time: at the end of the run its disk is thrown away."""
        if self._process is not None:
            await self._kill()

    async def _kill(self) -> None:
        assert self._process is not None, "it is on"
        if self._lines is not None:
            self._lines[1].close()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = self._lines = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the agent's line; what the firmware says on it is no answer."""
        while True:
            with suppress(OSError):
                return await asyncio.open_unix_connection(str(self._agent), limit=LINE_BYTES)
            await asyncio.sleep(0.1)

    def _drives(self) -> list[str]:
        disk = f"file={self._cache}/full/disk.img,format=raw,if=none,id=root,snapshot=on"
        log = f"driver=file,node-name=log,filename={self._log}"
        data = f"driver=file,node-name=plain,filename={self._data}"
        logged = "driver=blklogwrites,node-name=data,file=plain,log=log,log-sector-size=512"
        return [
            *("-drive", disk, "-device", "virtio-blk-pci,drive=root"),
            *("-blockdev", log, "-blockdev", data, "-blockdev", logged),
            *("-device", "virtio-blk-pci,drive=data"),
        ]


def as_root() -> list[str]:
    done = subprocess.run(["id", "-u"], capture_output=True, check=True)
    return [] if done.stdout == b"0\n" else ["sudo"]
