"""The table that `make lab` prints: a line for each scenario as it ends."""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from posedge.model.errors import PosedgeError

WIDTH = 58

TROUBLE = (AssertionError, OSError, EOFError, PosedgeError, httpx.HTTPError, ExceptionGroup)
"""What a scenario fails with; all else is an error of the lab."""


@dataclass(frozen=True, slots=True)
class Row:
    scenario: str
    passed: bool
    seconds: float
    figures: str

    def __str__(self) -> str:
        passed = "pass" if self.passed else "FAIL"
        return f"{self.scenario:{WIDTH}}  {passed:6}  {self.seconds:7.1f}  {self.figures}"


class Table:
    """Prints as it is told; `failed` says whether anything did."""

    def __init__(self) -> None:
        self.failed = False
        self._write(f"{'scenario':{WIDTH}}  result  seconds  figures")

    def add(self, row: Row) -> None:
        self.failed |= not row.passed
        self._write(str(row))

    async def judge(
        self, name: str, scenario: Callable[[], Awaitable[str]], limit_s: float
    ) -> bool:
        """Run it and add its row; return whether it passed."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        passed = False
        try:
            async with asyncio.timeout(limit_s):
                figures = await scenario()
            passed = True
        except TROUBLE as error:
            traceback.print_exc()
            figures = f"{type(error).__name__}: {error}"[:400]
        self.add(Row(name, passed, loop.time() - began_s, figures))
        return passed

    def note(self, words: str) -> None:
        self._write(words)

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
