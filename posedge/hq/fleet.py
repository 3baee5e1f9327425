"""Who is there, how far each journal is, and what boxes report of themselves.

A stream's row is locked while its entries are added, so that several workers on PostgreSQL do
not run into each other.
"""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from posedge.hq.inbound import Presence, State
from posedge.hq.schema import BOX, STATE, STREAM, Record, add
from posedge.model.topics import BoxTopics


def seen(database: Connection, topics: BoxTopics, received: str) -> None:
    """Note that a box spoke, and which store it says that it stands in."""
    row: Record = {
        "box": topics.box,
        "tenant": topics.tenant,
        "store": topics.store,
        "status": "unknown",
        "session": 0,
        "seen": received,
    }
    add(database, BOX, row)
    said: Record = {"tenant": topics.tenant, "store": topics.store, "seen": received}
    database.execute(update(BOX).where(BOX.c.box == topics.box).values(said))


def presence(database: Connection, item: Presence, received: str) -> None:
    """Take a birth or a death, unless it is older than what we know of the same stream."""
    box, said = item.topics.box, item.status
    seen(database, item.topics, received)
    known = database.execute(select(BOX).where(BOX.c.box == box)).one()
    reborn = said.stream is not None and said.stream != known.stream
    if said.session < known.session and not reborn:
        return
    values: Record = {
        "status": said.status,
        "reason": said.reason,
        "session": said.session,
        "since": said.since or received,
    }
    if said.stream is not None:
        values |= {"stream": said.stream, "version": said.version}
    database.execute(update(BOX).where(BOX.c.box == box).values(values))
    if said.stream is not None and said.last is not None:
        row = lock(database, box, said.stream, received)
        ours = (STREAM.c.box == box) & (STREAM.c.stream == said.stream)
        database.execute(update(STREAM).where(ours).values(last=max(row.last, said.last)))


def state(database: Connection, item: State, received: str) -> None:
    """Keep the newest report of each name."""
    place: Record = {"box": item.topics.box, "name": item.name}
    said: Record = {"body": item.body, "received": received}
    add(database, STATE, place | said)
    ours = (STATE.c.box == item.topics.box) & (STATE.c.name == item.name)
    database.execute(update(STATE).where(ours).values(said))


def lock(database: Connection, box: str, stream: str, received: str) -> Row[Any]:
    """Return the stream's row, made when there is none, held until the transaction ends."""
    row: Record = {
        "box": box,
        "stream": stream,
        "upto": 0,
        "head": stream,
        "last": 0,
        "stored": 0,
        "duplicates": 0,
        "since": received,
    }
    add(database, STREAM, row)
    wanted = select(STREAM).where(STREAM.c.box == box, STREAM.c.stream == stream)
    return database.execute(wanted.with_for_update()).one()
