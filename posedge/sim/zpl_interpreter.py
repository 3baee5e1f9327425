"""ZPL II as the label sees it: a strict interpreter, one byte at a time.

Written from Zebra's ZPL Programming Guide, not from what our renderer sends: what is not in these
tables raises ProtocolError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeAlias

from posedge.model.errors import ProtocolError
from posedge.sim.printer_parameters import between, unknown
from posedge.sim.zpl_fields import Field, mark, number, only
from posedge.sim.zpl_label import Mark, PrintedLabel

MAX_FIELD_BYTES = 3072
"""^FD: "up to 3072 bytes"."""

MAX_COPIES = 99_999_999
HOST_COMMANDS: Final = frozenset({"HS", "HQES", "JA"})
"""Tilde commands; they were obeyed when they arrived."""

AT_ONCE: Final = frozenset({"^XZ", "~HS", "~HQES", "~JA"})
"""Commands without parameters, whose end needs no next one."""

_HEX: Final = "0123456789ABCDEF"
_UTF8 = "28"


@dataclass(slots=True)
class Format:
    """A label between ^XA and ^XZ. `module` is ^BY's, which outlives fields."""

    width: int = 832
    height: int = 1218
    copies: int = 1
    module: int = 2
    utf8: bool = False
    said: Field = field(default_factory=Field)
    marks: list[Mark] = field(default_factory=list[Mark])


Obey: TypeAlias = Callable[[list[str]], None]


class ZplInterpreter:
    """Feed it with `take`; `finished` is told every whole format and how many labels of it."""

    def __init__(self, finished: Callable[[PrintedLabel, int], None]) -> None:
        self._finished = finished
        self._format: Format | None = None
        self._command = bytearray()
        self.declined: list[ProtocolError] = []
        self._commands: Mapping[str, Obey] = {
            "XA": self._begin,
            "XZ": self._end,
            "CI": self._encoding,
            "PW": self._width,
            "LL": self._length,
            "LH": self._home,
            "PQ": self._copies,
            "FO": self._origin,
            "FH": self._hexes,
            "BY": self._default_module,
            "FD": self._data,
            "FS": self._over,
            "A": partial(self._say, "A"),
            "BE": partial(self._say, "BE"),
            "BC": partial(self._say, "BC"),
            "BQ": partial(self._say, "BQ"),
            "BX": partial(self._say, "BX"),
        }

    @property
    def partial(self) -> bool:
        """Whether a format has begun and not ended."""
        return self._format is not None

    def cancel(self) -> None:
        """~JA: what is not finished is forgotten."""
        self._format = None
        self._command.clear()

    def take(self, byte: int) -> None:
        """Obey one more byte; ProtocolError when it fits nothing."""
        if byte in b"^~":
            self._obey()
            self._command = bytearray((byte,))
        elif self._command:
            self._command.append(byte)
            if len(self._command) > MAX_FIELD_BYTES:
                raise unknown("a field without an end")
            if self._command.decode("latin-1") in AT_ONCE:
                self._obey()
        elif byte not in b"\r\n":
            raise unknown(f"{byte:02x} outside of a command")

    def _obey(self) -> None:
        text, self._command = self._command.decode("latin-1"), bytearray()
        if not text or (text[0] == "~" and text[1:] in HOST_COMMANDS):
            return
        name = text[1:2] if text[1:2] == "A" else text[1:3]
        if text[0] == "~" or name not in self._commands:
            raise unknown(text[:4])
        if (self._format is None) is not (name == "XA"):
            raise unknown(f"{text[:3]} where it cannot stand")
        rest = text[1 + len(name) :]
        self._commands[name]([rest] if name == "FD" else rest.rstrip("\r\n").split(","))

    @property
    def _now(self) -> Format:
        assert self._format is not None, "only ^XA is obeyed outside of a format"
        return self._format

    def _say(self, kind: str, words: list[str]) -> None:
        self._now.said = replace(self._now.said, kind=kind, words=tuple(words))

    def _begin(self, words: list[str]) -> None:
        only(words, "")
        self._format = Format()

    def _end(self, words: list[str]) -> None:
        only(words, "")
        done, self._format = self._now, None
        self._finished(PrintedLabel(done.width, done.height, tuple(done.marks)), done.copies)

    def _encoding(self, words: list[str]) -> None:
        only(words, _UTF8)
        self._now.utf8 = True

    def _width(self, words: list[str]) -> None:
        self._now.width = between(number(words, 0), 2, 32_000)

    def _length(self, words: list[str]) -> None:
        self._now.height = between(number(words, 0), 1, 32_000)

    def _home(self, words: list[str]) -> None:
        only(words, "0", "0")

    def _copies(self, words: list[str]) -> None:
        self._now.copies = between(number(words, 0), 1, MAX_COPIES)

    def _origin(self, words: list[str]) -> None:
        left, top = (between(number(words, place), 0, 32_000) for place in (0, 1))
        self._now.said = Field(left, top)

    def _hexes(self, words: list[str]) -> None:
        (sign,) = words
        self._now.said = replace(self._now.said, hexes=sign or "_")

    def _default_module(self, words: list[str]) -> None:
        self._now.module = between(number(words, 0), 1, 10)

    def _data(self, words: list[str]) -> None:
        if not self._now.said.kind:
            raise unknown("^FD without a font or a bar code")
        try:
            self._now.marks.append(mark(self._now.said, self._now.module, self._plain(words[0])))
        except ProtocolError as error:
            if error.code != "symbol.refused":
                raise
            self.declined.append(error)

    def _over(self, words: list[str]) -> None:
        only(words, "")
        self._now.said = Field()

    def _plain(self, text: str) -> str:
        """Undo ^FH, then ^CI28."""
        sign = re.escape(self._now.said.hexes)
        data = text.encode("latin-1")
        if sign:
            found = re.compile(sign.encode() + rb"([0-9A-F]{2})?")
            data = found.sub(_one_byte, data)
        try:
            return data.decode("utf-8" if self._now.utf8 else "cp850")
        except UnicodeDecodeError:
            raise unknown(f"{data!r} in UTF-8") from None


def _one_byte(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        raise unknown("^FH's sign without two hex digits")
    return bytes((int(found[1], 16),))
