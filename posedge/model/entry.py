"""One entry of the journal: a CloudEvent, hash-chained to the one before.

The canonical bytes (RFC 8785) are what is hashed, stored, published and verified, the same on
the box and at headquarters. `hash` covers everything but itself; the first `prevhash` is the
stream id. Shape: design/contract, "MQTT payloads" and "The chain".
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from posedge.model.errors import ProtocolError
from posedge.model.stamp import Stamp
from posedge.model.value import Json

SCHEMAS = "https://schemas.posedge.example"
MAX_ENTRY_BYTES = 128 * 1024
"""AWS IoT's limit for one message; a sale of 300 lines has about 90 KB."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants journalled. `type` is `noun.verb`, e.g. `sale.completed`."""

    id: str
    type: str
    subject: str
    at: Stamp
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed entry. `body` is its canonical JSON including `hash`."""

    stream: str
    sequence: int
    id: str
    type: str
    subject: str
    time: str
    prevhash: str
    hash: str
    data: Mapping[str, Any]
    body: bytes

    @property
    def noun(self) -> str:
        """The topic level that it is published under, e.g. `sale`."""
        return self.type.partition(".")[0]

    @classmethod
    def from_body(cls, body: bytes) -> "Entry":
        """Read an entry; ProtocolError `entry.unreadable` when it is not one."""
        try:
            fields = json.loads(body)
            noun_verb = fields["type"].removeprefix("io.posedge.").removesuffix(".v1")
            return cls(
                stream=_text(fields["stream"]),
                sequence=int(_text(fields["sequence"])),
                id=_text(fields["id"]),
                type=noun_verb,
                subject=_text(fields["subject"]),
                time=_text(fields["time"]),
                prevhash=_text(fields["prevhash"]),
                hash=_text(fields["hash"]),
                data=dict(fields["data"]),
                body=body,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ProtocolError("entry.unreadable", f"not a journal entry: {error!r}") from None


def seal(draft: Draft, *, stream: str, source: str, sequence: int, prevhash: str) -> Entry:
    """Chain `draft` behind `prevhash`."""
    fields: dict[str, Any] = {
        "specversion": "1.0",
        "id": draft.id,
        "source": source,
        "type": f"io.posedge.{draft.type}.v1",
        "subject": draft.subject,
        "time": draft.at.rfc3339,
        "bootid": draft.at.boot_id,
        "monotonic": str(draft.at.monotonic_ns),
        "clocktrusted": draft.at.trusted,
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/{draft.type}/1",
        "stream": stream,
        "sequence": str(sequence),
        "prevhash": prevhash,
        "data": draft.data,
    }
    fields["hash"] = hashlib.sha256(rfc8785.dumps(fields)).hexdigest()
    return Entry.from_body(rfc8785.dumps(fields))


def fault(body: bytes, *, stream: str, sequence: int, prevhash: str) -> str | None:
    """Say in words what is wrong with the entry at this place of the chain; None if nothing is."""
    try:
        entry = Entry.from_body(body)
        fields = json.loads(body)
        claimed = fields.pop("hash")
        canonical = rfc8785.dumps(fields)
    except (ProtocolError, rfc8785.CanonicalizationError) as error:
        return f"unreadable: {error}"
    if (entry.stream, entry.sequence) != (stream, sequence):
        return f"is {entry.stream}/{entry.sequence}, expected {stream}/{sequence}"
    if entry.prevhash != prevhash:
        return "does not follow the entry before it"
    if hashlib.sha256(canonical).hexdigest() != claimed:
        return "its content does not match its hash"
    return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value
