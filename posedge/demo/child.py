"""A process of the virtual shop: started, killed, started again, and its log kept."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from posedge.model.errors import DeviceError

STOP_S = 20
"""A box lets a payment finish before it ends."""


class Child:
    """`posedge …` as a child process. `log` collects what it says on standard error."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._command = (sys.executable, "-m", "posedge", *arguments)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is for the demo, which then stops its children
            )

    async def kill(self) -> None:
        """Pull the plug: SIGKILL, nothing is flushed or said."""
        await self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and pull the plug when it does not."""
        await self._signal(signal.SIGTERM)

    async def ready(self, probe: Callable[[], bool], within_s: float) -> None:
        """Wait until `probe` holds; DeviceError with the end of the log when it does not."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while not await asyncio.to_thread(probe):
            if loop.time() > until or not self.running:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise DeviceError("demo.start", f"{self._command[3]} did not start:\n{tail}")
            await asyncio.sleep(0.05)

    async def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
