"""The ledger's tables, in the SQL that SQLite and PostgreSQL share.

entry   one row per (box, stream, sequence), for ever; `flag` marks what a person must look at
stream  how far each box's journal is here: `upto` without a hole, `head` the hash at `upto`
box     who is there
state   what boxes report of themselves
fault   what was wrong, with the evidence; `cleared` when it mended itself
matter  what waits for a person at the boxes now
command what was sent to boxes, and what they said
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from posedge.model.errors import ConfigError

METADATA = MetaData()

Record = dict[str, Any]
"""A row's columns by name, as SQLAlchemy takes them."""

ENTRY = Table(
    "entry",
    METADATA,
    Column("box", String(32), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("id", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("time", String(32), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received", String(32), nullable=False),
    Column("flag", String(16)),
    Index("entry_by_type", "type", "received", "sequence"),
    Index("entry_by_time", "type", "time"),
    Index("entry_by_id", "id"),
)

STREAM = Table(
    "stream",
    METADATA,
    Column("box", String(32), primary_key=True),
    Column("stream", String(16), primary_key=True),
    Column("upto", BigInteger, nullable=False, default=0),
    Column("head", String(64), nullable=False),
    Column("last", BigInteger, nullable=False, default=0),
    Column("stored", BigInteger, nullable=False, default=0),
    Column("duplicates", BigInteger, nullable=False, default=0),
    Column("since", String(32), nullable=False),
)

BOX = Table(
    "box",
    METADATA,
    Column("box", String(32), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("store", String(32), nullable=False),
    Column("status", String(16), nullable=False, default="unknown"),
    Column("reason", String(64)),
    Column("session", BigInteger, nullable=False, default=0),
    Column("stream", String(16)),
    Column("version", String(64)),
    Column("since", String(32)),
    Column("seen", String(32), nullable=False),
)

STATE = Table(
    "state",
    METADATA,
    Column("box", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("received", String(32), nullable=False),
)

FAULT = Table(
    "fault",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("box", String(32), nullable=False),
    Column("stream", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("body", LargeBinary),
    Column("at", String(32), nullable=False),
    Column("cleared", String(32)),
    UniqueConstraint("kind", "box", "stream", "sequence", "digest"),
)


MATTER = Table(
    "matter",
    METADATA,
    Column("box", String(32), primary_key=True),
    Column("subject", String(256), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("terminal", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("received", String(32), nullable=False),
)

COMMAND = Table(
    "command",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("box", String(32), nullable=False),
    Column("verb", String(32), nullable=False),
    Column("args", Text, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    Column("not_after", String(32), nullable=False),
    Column("correlation", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", String(64)),
    Column("data", Text),
    Column("answered", String(32)),
    Index("command_by_time", "at"),
)


def open_database(url: str) -> Engine:
    """Return an engine with the tables made; ConfigError when the URL is none that we speak."""
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError("ledger.url", f"database {url!r}: {error}") from None
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        raise ConfigError(
            "ledger.url", f"database {url!r}: use sqlite:/// or postgresql+psycopg://"
        )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _harden)
    return engine


def add(database: Connection, table: Table, row: Record) -> None:
    """Insert a row unless its key is there already."""
    if database.dialect.name == "postgresql":
        database.execute(postgresql.insert(table).values(row).on_conflict_do_nothing())
    else:
        database.execute(sqlite.insert(table).values(row).on_conflict_do_nothing())


def _harden(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Set what makes a commit survive a power cut: WAL alone loses the last ones."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
