"""Headquarters' log: every box's journal, each entry once, however often it arrives.

A batch is one transaction; only when it is durable may boxes be told.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from posedge.hq.batch import Batch, Standing
from posedge.hq.inbound import Item
from posedge.hq.schema import ENTRY, METADATA, open_database
from posedge.model.errors import StorageError


class Ledger:
    """Blocking: call it in a Worker. StorageError `ledger.failed` when the database fails."""

    def __init__(self, url: str) -> None:
        self.engine = open_database(url)
        with translated():
            METADATA.create_all(self.engine)
            for index in ENTRY.indexes:  # a ledger from before may lack the newer ones
                index.create(self.engine, checkfirst=True)

    def commit(self, items: Sequence[Item], *, received: str) -> tuple[Standing, ...]:
        """Store a batch in one transaction; return the standing of each stream in it."""
        with translated(), self.engine.begin() as database:
            return Batch(database, received).commit(items)

    def missing(self, standing: Standing, *, received: str) -> None:
        """Record a hole that has been open for too long; it clears itself when it is filled."""
        assert standing.hole is not None, "only holes are missing"
        first, last = standing.hole
        with translated(), self.engine.begin() as database:
            Batch(database, received).fault(
                "gap",
                standing.topics.box,
                stream=standing.stream,
                sequence=first,
                text=f"entries {first} to {last} have not arrived",
            )

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def translated() -> Generator[None]:
    """Turn whatever the database raises into a StorageError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StorageError("ledger.failed", f"the ledger's database failed: {error}") from error
