"""The table that `make lab` prints: a line for each scenario as it ends."""

import sys
from dataclasses import dataclass
from typing import Any

WIDTH = 58


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

    def note(self, words: str) -> None:
        self._write(words)

    def _write(self, line: Any) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
