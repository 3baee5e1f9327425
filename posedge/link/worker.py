"""A vendor's program as a Link: its standard input and output, and nothing else of ours.

It runs in a process of its own, so that what crashes, blocks or eats memory in it ends there. It
inherits neither environment nor open files; what it writes to standard error is logged, card
numbers masked. Under systemd it ends with the box: both are in one control group.
"""

import asyncio
import os
import resource
import signal
from contextlib import suppress
from typing import cast

import structlog

from posedge.link.translate import gone, stalled, unreachable
from posedge.model.errors import DeviceError
from posedge.wire.redact import redact_text

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
UNREAD_LIMIT = 256 * 1024
"""Bytes that it may say ahead; more is a program that does not stop talking, and is killed."""

COMPLAINT = 500
COMPLAINTS = 200
"""Characters of a line of standard error that are logged, and lines in one life."""

FILES = 256
CPU_S = 3_600
"""Of one life: an idle worker needs seconds in a month, one that spins is stopped by its calls."""

CLOSE_S = 2.0

log = structlog.get_logger()


class WorkerLink(asyncio.SubprocessProtocol):
    """Bytes from and to one process. Closing kills it, and whatever it started."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._process: asyncio.SubprocessTransport | None = None
        self._unread = bytearray()
        self._complaint = bytearray()
        self._complaints = 0
        self._error: DeviceError | None = None
        self._news = asyncio.Event()
        self._drained = asyncio.Event()
        self._ended = asyncio.Event()
        self._drained.set()
        self._deaf = False

    @property
    def waiting(self) -> bool:
        return bool(self._unread)

    async def read(self, limit: int = 4096) -> bytes:
        while not self._unread:
            if self._error is not None:
                raise self._error
            self._news.clear()
            await self._news.wait()
        data = bytes(self._unread[:limit])
        del self._unread[:limit]
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        if self._error is not None:
            raise self._error
        if not self._deaf:
            self._input.write(data)
        try:
            async with asyncio.timeout(deadline_s):
                await self._drained.wait()
        except TimeoutError:
            self._error = stalled(self.device, deadline_s)
        if self._deaf:
            self._error = gone(self.device)
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        self._error = gone(self.device)
        self._unread.clear()
        self._news.set()
        if not self._ended.is_set():
            self._kill()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._ended.wait()
        except TimeoutError:
            log.warning("worker.lingers", device=self.device)
        finally:  # also when nobody waits for it any more
            if self._process is not None:
                self._process.close()

    def __repr__(self) -> str:
        return f"<WorkerLink {self.device}: {self._error or 'running'}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast("asyncio.SubprocessTransport", transport)
        self._input.set_write_buffer_limits(high=0)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        data = cast("bytes", data)
        if fd != 1:
            self._complain(data)
        elif self._error is None:
            self._unread += data
            if len(self._unread) > UNREAD_LIMIT:
                self._unread.clear()
                self._kill()
            self._news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        if fd == 0:
            self._deaf = True
            self._drained.set()
        elif fd == 1:  # behind its last words
            self._error = self._error or gone(self.device)
            self._news.set()

    def process_exited(self) -> None:
        assert self._process is not None, "it was made before it ended"
        log.info("worker.ended", device=self.device, code=self._process.get_returncode())
        self._kill()  # what it started would keep its output open
        self._ended.set()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def confine(self, memory_mb: int) -> None:
        """Limit it from outside: nothing of ours runs between fork and exec."""
        limits = {
            resource.RLIMIT_DATA: memory_mb * 1024 * 1024,
            resource.RLIMIT_CPU: CPU_S,
            resource.RLIMIT_NOFILE: FILES,
            resource.RLIMIT_CORE: 0,  # a core file would hold card data
        }
        try:
            for limit, most in limits.items():
                resource.prlimit(self._pid, limit, (most, most))
        except ProcessLookupError:
            return  # it has ended already, and reading says so
        except PermissionError:
            log.warning("worker.unconfined", device=self.device)

    @property
    def _input(self) -> asyncio.WriteTransport:
        assert self._process is not None, "connection_made comes first"
        return cast("asyncio.WriteTransport", self._process.get_pipe_transport(0))

    @property
    def _pid(self) -> int:
        assert self._process is not None, "connection_made comes first"
        return self._process.get_pid()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)

    def _complain(self, data: bytes) -> None:
        """Log whole lines of standard error, as far as there is a reason to."""
        self._complaint += data
        *lines, rest = self._complaint.split(b"\n")
        self._complaint = rest[-COMPLAINT:]
        for line in lines:
            self._complaints += 1
            if self._complaints <= COMPLAINTS:
                text = redact_text(line.decode("utf-8", "replace"))[:COMPLAINT]
                log.info("worker.complains", device=self.device, text=text)


async def open_worker(path: str, *, memory_mb: int) -> WorkerLink:
    """Start the program; DeviceError `device.unreachable` when it cannot be."""
    device = f"worker://{path}"
    loop = asyncio.get_running_loop()
    link = WorkerLink(device)
    try:
        await loop.subprocess_exec(
            lambda: link, path, env=ENVIRONMENT, cwd="/", start_new_session=True
        )
    except OSError as error:
        raise unreachable(device, error.strerror or str(error)) from error
    link.confine(memory_mb)
    return link
