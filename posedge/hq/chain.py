"""How far a stream is here without a hole, and whether its entries follow each other."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from posedge.hq.schema import ENTRY
from posedge.model.entry import fault

READ = 500
"""Entries verified per read: at most 64 MB, normally 300 kB."""


@dataclass(frozen=True, slots=True)
class Advance:
    """`head` is the hash at `upto`, empty when that entry is unreadable."""

    upto: int
    head: str
    hole: tuple[int, int] | None
    broken: tuple[tuple[int, str], ...]


def advance(database: Connection, box: str, stream: str, *, upto: int, head: str) -> Advance:
    """Walk on from `upto` as far as there is no hole; flag what does not follow."""
    ours = (ENTRY.c.box == box) & (ENTRY.c.stream == stream)
    broken: list[tuple[int, str]] = []
    while True:
        following = database.scalar(
            select(func.min(ENTRY.c.sequence)).where(ours, ENTRY.c.sequence > upto)
        )
        if following is None or following != upto + 1:
            hole = None if following is None else (upto + 1, following - 1)
            return Advance(upto, head, hole, tuple(broken))
        rows = database.execute(
            select(ENTRY.c.sequence, ENTRY.c.body, ENTRY.c.hash, ENTRY.c.flag)
            .where(ours, ENTRY.c.sequence > upto)
            .order_by(ENTRY.c.sequence)
            .limit(READ)
        ).all()
        for row in rows:
            if row.sequence != upto + 1:
                break
            problem = _problem(row.body, row.flag, stream=stream, sequence=upto + 1, head=head)
            if problem is not None:
                broken.append((row.sequence, problem))
                place = ours & (ENTRY.c.sequence == row.sequence)
                database.execute(update(ENTRY).where(place).values(flag="chain"))
            upto, head = row.sequence, row.hash


def _problem(body: bytes, flag: str | None, *, stream: str, sequence: int, head: str) -> str | None:
    """Say what is wrong with an entry at its place; unreadable ones are flagged already."""
    if flag == "unreadable":
        return None
    return fault(body, stream=stream, sequence=sequence, prevhash=head or None)
