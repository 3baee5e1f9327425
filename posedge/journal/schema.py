"""The journal's tables.

`entry` only grows: triggers refuse UPDATE, DELETE and holes. A `position` counts over the whole
file; a stream's sequence numbers are positions behind its `base`. `stream` remembers each chain's
end, so that rows cut off the end of `entry` are missed. `subject` holds each subject's newest
entry, kept by trigger. Notes change, so they bear a checksum of their own.
"""

import zlib

from posedge.journal.database import Schema

SCHEMA = Schema(
    version=1,
    sql="""
CREATE TABLE stream (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  base INTEGER NOT NULL,
  last INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TABLE entry (
  position INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  open INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX entry_subject ON entry (subject);
CREATE TABLE subject (
  name TEXT PRIMARY KEY,
  noun TEXT NOT NULL,
  position INTEGER NOT NULL,
  open INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_recent ON subject (noun, position);
CREATE INDEX subject_open ON subject (noun, position) WHERE open;
CREATE TABLE note (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entry_gapless BEFORE INSERT ON entry
WHEN NEW.position IS NOT (SELECT ifnull(max(position), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'the next entry has the next position'); END;
CREATE TRIGGER entry_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries never change'); END;
CREATE TRIGGER entry_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
CREATE TRIGGER entry_newest AFTER INSERT ON entry
BEGIN
  INSERT INTO subject VALUES (
    NEW.subject,
    substr(NEW.subject, 1, instr(NEW.subject || '/', '/') - 1),
    NEW.position,
    NEW.open
  ) ON CONFLICT (name) DO UPDATE SET position = excluded.position, open = excluded.open;
END;
CREATE TRIGGER stream_update BEFORE UPDATE ON stream
WHEN NEW.id IS NOT OLD.id OR NEW.base IS NOT OLD.base OR NEW.last < OLD.last
BEGIN SELECT RAISE(ABORT, 'a stream only grows'); END;
CREATE TRIGGER stream_delete BEFORE DELETE ON stream
BEGIN SELECT RAISE(ABORT, 'streams are never removed'); END
""",
)


def checksum(name: str, value: str) -> int:
    """Return what a note's row says of itself."""
    return zlib.crc32(f"{name}\0{value}".encode())
