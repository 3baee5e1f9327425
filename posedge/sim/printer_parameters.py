"""Parameters of printer commands, whatever the language: taking them, and holding their ranges."""

from collections.abc import Generator, Mapping
from typing import TypeAlias, TypeVar

from posedge.model.errors import ProtocolError

T = TypeVar("T")
Program: TypeAlias = Generator[None, int, None]
"""An interpreter under way: sent one byte at a time."""


def following(count: int) -> Generator[None, int, bytes]:
    """Take the next `count` bytes."""
    taken = bytearray()
    while len(taken) < count:
        taken.append((yield))
    return bytes(taken)


def until(end: int) -> Generator[None, int, bytes]:
    """Take what comes before the next byte `end`, and that byte."""
    taken = bytearray()
    while (byte := (yield)) != end:
        taken.append(byte)
    return bytes(taken)


def one_of(n: bytes, table: Mapping[int, T]) -> T:
    if n[0] not in table:
        raise ProtocolError("parameter.range", f"{n[0]} is none of {sorted(table)}")
    return table[n[0]]


def between(n: int, low: int, high: int) -> int:
    if not low <= n <= high:
        raise ProtocolError("parameter.range", f"{n} is not {low} to {high}")
    return n


def unknown(what: str) -> ProtocolError:
    return ProtocolError("command.unknown", f"{what} is not in the command reference")
