"""The row of characters that the virtual printer has not printed yet."""

from collections.abc import Iterator
from typing import Final

from posedge.sim.printer_paper import CELL, DOTS, Run, Style, TextLine

CODE_PAGES: Final = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}
"""ESC t: Epson's page numbers that Python can decode."""

TAB_COLUMNS = 8


class Row:
    """Characters of `style`, decoded by `page`; a full row is printed before the next one fits."""

    def __init__(self) -> None:
        self.style = Style()
        self.page = CODE_PAGES[0]
        self._runs: list[Run] = []

    @property
    def empty(self) -> bool:
        return not self._runs

    def character(self, byte: int) -> Iterator[TextLine]:
        """Append; yields the row that had to be printed for it."""
        yield from self._append(bytes((byte,)).decode(self.page, "replace"))

    def tab(self) -> Iterator[TextLine]:
        for _ in range(TAB_COLUMNS - self._columns % TAB_COLUMNS):
            yield from self._append(" ")

    def finished(self) -> TextLine:
        """Take what is there as a printed line and begin a new row."""
        runs, self._runs = tuple(self._runs), []
        return TextLine(runs, runs[0].style.align if runs else 0)

    @property
    def _columns(self) -> int:
        return sum(len(run.text) * run.style.wide for run in self._runs)

    def _append(self, char: str) -> Iterator[TextLine]:
        if (self._columns + self.style.wide) * CELL[0] > DOTS:
            yield self.finished()
        if self._runs and self._runs[-1].style == self.style:
            self._runs[-1] = Run(self._runs[-1].text + char, self.style)
        else:
            self._runs.append(Run(char, self.style))
