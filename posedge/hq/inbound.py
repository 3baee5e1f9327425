"""What arrives from boxes, read into values; nothing that came is dropped unseen."""

import hashlib
import re
from dataclasses import dataclass
from typing import TypeAlias

from posedge.model.entry import Entry
from posedge.model.errors import ProtocolError
from posedge.model.messages import Reported, Result, Status, Sync, read, write
from posedge.model.topics import BoxTopics, parse
from posedge.mqtt.interface import Message

LAST = 2**63 - 1
_STREAM = re.compile(r"[0-9a-f]{16}")
_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")
_NAME = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One entry. `entry` None: unreadable; then `stream` and `sequence` are the sender's word."""

    topics: BoxTopics
    stream: str
    sequence: int
    body: bytes
    digest: str
    entry: Entry | None
    flag: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Synced:
    topics: BoxTopics
    sync: Sync


@dataclass(frozen=True, slots=True)
class Presence:
    topics: BoxTopics
    status: Status


@dataclass(frozen=True, slots=True)
class State:
    topics: BoxTopics
    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A box's word on a command. Not for the ledger's batches: whoever sent it keeps it."""

    topics: BoxTopics
    correlation: bytes
    result: Result


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something on a box's topic that is none of the above; kept as a fault."""

    topics: BoxTopics
    body: bytes
    problem: str


Item: TypeAlias = Arrival | Synced | Presence | State | Unreadable


def item(message: Message) -> Item:
    """Read one message; ProtocolError `topic.foreign` when it is not a box's."""
    topics, rest = parse(message.topic)
    kind, _, name = rest.partition("/")
    try:
        if rest == "e/_sync":
            return Synced(topics, read(Sync, message.payload))
        if kind == "e":
            return _arrival(topics, message)
        if rest == "status":
            return Presence(topics, read(Status, message.payload))
        if kind == "state" and _NAME.fullmatch(name):
            return State(topics, name, write(read(Reported, message.payload)).decode())
    except ProtocolError as error:
        return Unreadable(topics, message.payload, error.message)
    raise ProtocolError("topic.foreign", f"nobody here listens to {message.topic!r}")


def answer(message: Message) -> Answer | None:
    """Read a box's answer to a command; None when it is something else.

    ProtocolError when it is one that cannot be read, or without Correlation Data.
    """
    topics, rest = parse(message.topic)
    if not rest.startswith("res/"):
        return None
    if message.correlation is None:
        raise ProtocolError("answer.uncorrelated", f"{topics.box} does not say what it answers")
    return Answer(topics, message.correlation, read(Result, message.payload))


def _arrival(topics: BoxTopics, message: Message) -> Arrival:
    body = message.payload
    digest = hashlib.sha256(body).hexdigest()
    said = _said(message)
    try:
        entry = _placed(_bounded(Entry.from_body(body)), said)
    except ProtocolError as error:
        if said is None:
            what = "not an entry, and it does not say which"
            raise ProtocolError("entry.unreadable", what) from None
        return Arrival(topics, *said, body, digest, None, "unreadable", error.message)
    problem = _foreign(topics, entry)
    flag = "source" if problem else None
    return Arrival(topics, entry.stream, entry.sequence, body, digest, entry, flag, problem)


def _bounded(entry: Entry) -> Entry:
    """Refuse what no column of the ledger takes, so that one entry cannot stop all others."""
    for name, text, longest in (
        ("id", entry.id, 64),
        ("type", entry.type, 64),
        ("subject", entry.subject, 256),
        ("time", entry.time, 32),
        ("hash", entry.hash, 64),
    ):
        if len(text) > longest or not text.isprintable():
            raise ProtocolError("entry.unreadable", f"its {name} is too long or unprintable")
    if not (_STREAM.fullmatch(entry.stream) and 0 < entry.sequence <= LAST):
        raise ProtocolError("entry.unreadable", "its place in the stream is impossible")
    return entry


def _placed(entry: Entry, said: tuple[str, int] | None) -> Entry:
    """Refuse a damaged number: the entry would take the place of another and leave its own."""
    if said not in {None, (entry.stream, entry.sequence)}:
        raise ProtocolError("entry.misplaced", f"calls itself {entry.stream}/{entry.sequence}")
    return entry


def _said(message: Message) -> tuple[str, int] | None:
    """Return where the entry belongs, as its sender says beside it."""
    said = dict(message.user)
    stream, sequence = said.get("stream", ""), said.get("seq", "")
    if _STREAM.fullmatch(stream) and _SEQUENCE.fullmatch(sequence):
        return stream, int(sequence)
    return None


def _foreign(topics: BoxTopics, entry: Entry) -> str | None:
    """Compare the box that the entry names with the box that the broker let publish it."""
    if entry.source.rpartition("/")[2] == topics.box:
        return None
    return f"came on the topic of {topics.box}, says that it is from {entry.source!r}"
