"""ZPL II: fields that cannot be commands, and what a label printer answers.

From Zebra's ZPL Programming Guide: ^FH, ^FD, ~HS, ~HQ. Pages have no numbers on docs.zebra.com.
"""

import string
from dataclasses import dataclass
from typing import Final, TypeAlias

from posedge.model.errors import ProtocolError

ASK_STATUS: Final = b"~HS"
"""Answered by three strings, but by many printers not while paper, ribbon or head stop them."""

ASK_ERRORS: Final = b"~HQES"
CANCEL_ALL: Final = b"~JA"
"""Drops what is in the printer's buffer, half a format too."""

MAX_FRAME = 1024
"""No answer of these two is longer than 200 bytes."""

_SAFE: Final = frozenset((string.ascii_letters + string.digits + " .,:/()+-_>").encode())
_STX, _ETX = 0x02, 0x03
_BETWEEN: Final = frozenset(b"\r\n")
_FIRST_FIELDS, _SECOND_FIELDS, _THIRD_FIELDS = 12, 11, 2


def field(text: str) -> bytes:
    """Return ^FH, ^FD and ^FS around `text`: what is not plain is written in hex.

    Neither the caret and tilde of commands nor a control character is ever sent as such.
    """
    data = "".join(chr(byte) if byte in _SAFE else f"\\{byte:02X}" for byte in text.encode())
    return b"^FH\\^FD" + data.encode() + b"^FS"


def code128(text: str) -> str:
    """Write data for ^BC in code set B, where `>` begins an invocation code."""
    return ">:" + text.replace(">", ">0").replace("^", "><").replace("~", ">=")


def data_matrix(data: str) -> str:
    """Write data for ^BX with the escape character `_`: `_1` is FNC1."""
    return data.replace("_", "__").replace("\x1d", "_1")


@dataclass(frozen=True, slots=True)
class HostStatus:
    """~HS: what is still to be printed, and what stops it."""

    paper_out: bool
    paused: bool
    formats: int
    partial: bool
    head_open: bool
    ribbon_out: bool
    remaining: int

    @property
    def idle(self) -> bool:
        """Whether everything that was sent is printed."""
        return not (self.formats or self.partial or self.remaining or self.paused)


@dataclass(frozen=True, slots=True)
class Errors:
    """~HQES: flags of group 1, zero when there is none."""

    errors: int
    warnings: int


Message: TypeAlias = HostStatus | Errors


class Decoder:
    """The return channel of one connection. Feed it, then pull messages until None.

    What fits nothing ends it for good: every later call raises the same ProtocolError.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._strings: list[str] = []
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_message(self) -> Message | None:
        """Return the next whole message; None when more bytes are needed."""
        if self._fault is not None:
            raise self._fault
        while (text := self._next_string()) is not None:
            if (message := self._read(text)) is not None:
                return message
        return None

    def _next_string(self) -> str | None:
        while self._buffer and self._buffer[0] in _BETWEEN:
            del self._buffer[0]
        if not self._buffer:
            return None
        if self._buffer[0] != _STX:
            raise self._broken(f"{self._buffer[0]:02x} begins no answer")
        end = self._buffer.find(_ETX)
        if max(end, len(self._buffer) if end < 0 else 0) > MAX_FRAME:
            raise self._broken("an answer without an end")
        if end < 0:
            return None
        text = self._buffer[1:end].decode("latin-1")
        del self._buffer[: end + 1]
        return text

    def _read(self, text: str) -> Message | None:
        try:
            if "PRINTER STATUS" in text:
                self._strings.clear()
                return _errors(text)
            self._strings.append(text)
            if len(self._strings) < 3:  # noqa: PLR2004 - ~HS answers in three
                return None
            strings, self._strings = self._strings, []
            return _status(*(each.split(",") for each in strings))
        except ValueError as error:
            raise self._broken(f"{text!r} is no status") from error

    def _broken(self, what: str) -> ProtocolError:
        self._fault = ProtocolError("printer.garbled", f"the printer's status is garbled: {what}")
        self._buffer.clear()
        return self._fault


def _errors(text: str) -> Errors:
    """Read `ERRORS: 1 00000000 00000005` and the same of warnings; ValueError when it is not."""
    words = text.split()
    found = {word: words[place + 1 : place + 4] for place, word in enumerate(words)}
    return Errors(_flags(found.get("ERRORS:", [])), _flags(found.get("WARNINGS:", [])))


def _flags(words: list[str]) -> int:
    flag, group_2, group_1 = words
    int(group_2, 16)
    return int(group_1, 16) if int(flag) else 0


def _status(first: list[str], second: list[str], third: list[str]) -> HostStatus:
    lengths = (len(first), len(second), len(third))
    if lengths != (_FIRST_FIELDS, _SECOND_FIELDS, _THIRD_FIELDS):
        raise ValueError(str(lengths))
    return HostStatus(
        paper_out=_flag(first[1]),
        paused=_flag(first[2]),
        formats=int(first[4]),
        partial=_flag(first[7]),
        head_open=_flag(second[2]),
        ribbon_out=_flag(second[3]),
        remaining=int(second[8]),
    )


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(text)
    return text == "1"
