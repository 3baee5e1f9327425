"""A till in a process of its own: journals, and says on fd 1 what it was promised.

    python -m tests.powercut.workload JOURNAL FULL|NORMAL APPENDS

`READY`, then `ACK sequence hash` after each append has returned; `ERROR code` when one has failed.
Checkpoints come every few commits, half-way the journal is closed and opened again, and now and
then several tills write at once and entries are larger than a page.
"""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import get_args

from posedge.journal import database
from posedge.journal.database import Synchronous
from posedge.journal.store import SqliteJournal, open_journal
from posedge.model.entry import Draft
from posedge.model.errors import StorageError
from posedge.model.value import Json
from posedge.tasks import Worker
from tests.doubles.drafts import draft

FAILED = 3  # exit status when the disk failed


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def sale(number: int) -> Draft:
    """Every seventh is larger than two pages; the number also goes into a note."""
    size = 9000 if number % 7 == 0 else 300
    data: dict[str, Json] = {"number": number, "open": number % 3 == 0, "text": "x" * size}
    return draft(number, subject=f"sale/{number % 20}", type_="sale.completed", data=data)


async def journal_sales(journal: SqliteJournal, numbers: range) -> None:
    for number in numbers:
        if number % 5 == 0:
            drafts = [draft(1000 * number + till, data={}) for till in range(3)]
            await asyncio.gather(*(acknowledged(journal, one) for one in drafts))
        await acknowledged(journal, sale(number), number=number)


async def acknowledged(journal: SqliteJournal, one: Draft, *, number: int | None = None) -> None:
    notes = {} if number is None else {"number": str(number)}
    for entry in await journal.append([one], notes=notes):
        say(f"ACK {entry.sequence} {entry.hash}")


async def main(path: Path, synchronous: Synchronous, appends: int) -> int:
    database.CHECKPOINT_COMMITS = 12
    worker, chance = Worker("journal"), random.Random(1)
    half = appends // 2
    try:
        for numbers in (range(1, half + 1), range(half + 1, appends + 1)):
            journal = await open_journal(
                path, source="/a/b/c", chance=chance, run=worker.run, synchronous=synchronous
            )
            say("READY")
            await journal_sales(journal, numbers)
            await journal.close()
    except StorageError as error:
        say(f"ERROR {error.code}")
        return await again(journal)
    finally:
        worker.close()
    return 0


async def again(journal: SqliteJournal) -> int:
    """Try once more, as a caller may that has not understood."""
    assert not journal.status().healthy
    try:
        await acknowledged(journal, draft(1))
    except StorageError as error:
        say(f"ERROR {error.code}")
    return FAILED


if __name__ == "__main__":
    (chosen,) = (one for one in get_args(Synchronous) if one == sys.argv[2])
    sys.exit(asyncio.run(main(Path(sys.argv[1]), chosen, int(sys.argv[3]))))
