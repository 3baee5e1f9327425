"""The glass of a simulated customer display: cells, a cursor, and how it moves."""

from posedge.model.errors import ProtocolError


class Glass:
    """Bytes as they were sent; `text` reads them in the display's code page.

    `scrolls`: past the last cell the rows move up; else the cursor goes on at the first.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.brightness = 4
        self.cursor_shown = True
        self.scrolls = False
        self.page = "cp437"
        self._cells = bytearray(b" " * columns * rows)
        self._at = 0

    @property
    def text(self) -> tuple[str, ...]:
        """What a customer reads, row by row, in full width."""
        wide = self._cells.decode(self.page)
        return tuple(
            wide[row * self.columns : (row + 1) * self.columns] for row in range(self.rows)
        )

    def put(self, byte: int) -> None:
        """Write one character where the cursor is, and move on."""
        if self._at == len(self._cells):
            self._at -= self.columns
            self.scroll_up()
        self._cells[self._at] = byte
        self._at += 1
        if self._at == len(self._cells) and not self.scrolls:
            self._at = 0

    def place(self, column: int, row: int) -> None:
        """Move the cursor to a cell, both counted from 0; ProtocolError when there is none."""
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            where = f"column {column}, row {row} of {self.columns} x {self.rows}"
            raise ProtocolError("display.outside", f"there is no such cell: {where}")
        self._at = row * self.columns + column

    def clear(self) -> None:
        self._cells[:] = b" " * len(self._cells)
        self._at = 0

    def clear_row(self) -> None:
        """Blank the cursor's row and go to its beginning."""
        self._at -= self._at % self.columns
        self._cells[self._at : self._at + self.columns] = b" " * self.columns

    def write_row(self, row: int, data: bytes) -> None:
        """Replace a whole row; ProtocolError when `data` is longer."""
        if len(data) > self.columns:
            raise ProtocolError("display.too_long", f"{len(data)} characters for {self.columns}")
        self.place(0, row)
        self._cells[self._at : self._at + self.columns] = data.ljust(self.columns)

    def return_carriage(self) -> None:
        self._at -= self._at % self.columns

    def feed_line(self) -> None:
        """Go one row down, from the last one to the first, or scroll."""
        self._at += self.columns
        if self._at >= len(self._cells):
            self._at -= self.columns
            if self.scrolls:
                self.scroll_up()
            else:
                self._at %= self.columns

    def step_back(self) -> None:
        self._at = (self._at - 1) % len(self._cells)

    def scroll_up(self) -> None:
        self._cells[:] = self._cells[self.columns :] + b" " * self.columns

    def __str__(self) -> str:
        frame = "+" + "-" * self.columns + "+"
        return "\n".join((frame, *(f"|{row}|" for row in self.text), frame))
