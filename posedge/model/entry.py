"""One entry of the journal: a CloudEvent, hash-chained to the one before.

The canonical bytes (RFC 8785) are what is hashed, stored, published and verified, the same on
the box and at headquarters. `hash` covers everything but itself; the first `prevhash` is the
stream id. Shape: design/contract, "MQTT payloads" and "The chain".
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import rfc8785

from posedge.model.errors import MisuseError, ProtocolError
from posedge.model.stamp import Stamp
from posedge.model.value import Json

SCHEMAS = "https://schemas.posedge.example"
MAX_ENTRY_BYTES = 128 * 1024
"""AWS IoT's limit for one message; a sale of 300 lines has about 90 KB."""

MAX_SUBJECT = 256
"""Characters; no name on the box is longer, and it is an index key."""

SAFE_INTEGER = 2**53 - 1
"""RFC 8785 §3.1, by I-JSON: what every reader of JSON takes for the same number."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

_TYPE = re.compile(r"[a-z0-9-]{1,32}(\.[a-z0-9_-]{1,32}){1,3}")
_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")  # 18 digits fit 64 bits, wherever it is stored


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

    @property
    def source(self) -> str:
        """`/tenant/store/box` of whoever sealed it; empty when it does not say."""
        source = json.loads(self.body).get("source")
        return source if isinstance(source, str) else ""

    @classmethod
    def from_body(cls, body: bytes) -> "Entry":
        """Read an entry; ProtocolError `entry.unreadable` when it is not one."""
        if len(body) > MAX_ENTRY_BYTES:
            raise ProtocolError("entry.unreadable", f"{len(body)} bytes are no entry")
        try:
            return _entry(_fields(body), body)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            # The text of these errors can hold the payload: name their kind only.
            kind = type(error).__name__
            raise ProtocolError("entry.unreadable", f"not a journal entry: {kind}") from None


def seal(draft: Draft, *, stream: str, source: str, sequence: int, prevhash: str) -> Entry:
    """Chain `draft` behind `prevhash`; MisuseError `entry.invalid` when it can't be one."""
    if not _TYPE.fullmatch(draft.type):
        raise MisuseError("entry.invalid", f"type {draft.type!r} is not noun.verb")
    if not (draft.subject.isprintable() and 0 < len(draft.subject) <= MAX_SUBJECT):
        raise MisuseError("entry.invalid", f"subject of {draft.type} is empty, long or not text")
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
    try:
        entry = Entry.from_body(_hashed(canonical(fields)))
        if entry.data != draft.data:  # what came back the same had nothing to be found
            _check_keys(draft.data)
    except (ValueError, RecursionError, ProtocolError) as error:
        what = f"{draft.type} {draft.id} can't be journalled: {error}"
        raise MisuseError("entry.invalid", what) from error
    return entry


def canonical(fields: Mapping[str, Any]) -> bytes:
    """Return RFC 8785's bytes of an object whose keys are text; ValueError when there are none.

    The standard encoder writes the same, twenty times as fast, for what has no floats and no
    characters beyond U+FFFF: only those does RFC 8785 sort otherwise, by their UTF-16 halves.
    """
    try:
        text = _ENCODER.encode(fields)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if len(text.encode("utf-16-le")) > 2 * len(text):
        return rfc8785.dumps(dict(fields))
    return text.encode()


def _hashed(sealed: bytes) -> bytes:
    """Put `hash` where RFC 8785 sorts it, in front of `id`; to encode it all again takes longer.

    No text holds these seven bytes, for quotes in a text are escaped; and behind the entry's own
    `id` there are no members of members.
    """
    before, after = sealed.rsplit(b'","id":"', 1)
    digest = hashlib.sha256(sealed).hexdigest()
    return b'%b","hash":"%b","id":"%b' % (before, digest.encode(), after)


def fault(body: bytes, *, stream: str, sequence: int, prevhash: str | None) -> str | None:
    """Say in words what is wrong with the entry at this place of the chain; None if nothing is.

    `prevhash` None: the entry before is not known, so that link is not judged.
    """
    try:
        entry = Entry.from_body(body)
        fields = _fields(body)
        if canonical(fields) != body:
            return "its bytes are not canonical JSON"
        del fields["hash"]
        sealed = canonical(fields)
    except (ProtocolError, ValueError, RecursionError) as error:
        return f"unreadable: {error}"
    if (entry.stream, entry.sequence) != (stream, sequence):
        return f"is {entry.stream}/{entry.sequence}, expected {stream}/{sequence}"
    if prevhash is not None and entry.prevhash != prevhash:
        return "does not follow the entry before it"
    if hashlib.sha256(sealed).hexdigest() != entry.hash:
        return "its content does not match its hash"
    return None


def _check_keys(value: object) -> None:
    """Refuse keys that are no text: the encoder would make them so without a word."""
    if isinstance(value, dict):
        mapping = cast("dict[object, object]", value)
        if not all(isinstance(key, str) for key in mapping):
            raise ValueError("a key that is no text")
        value = mapping.values()
    elif not isinstance(value, list | tuple):
        return
    for each in cast("Iterable[object]", value):
        _check_keys(each)


def _fields(body: bytes) -> dict[str, Any]:
    return _mapping(
        json.loads(body.decode(), parse_int=_whole, parse_float=_refuse, parse_constant=_refuse)
    )


def _entry(fields: Mapping[str, Any], body: bytes) -> Entry:
    if not _SEQUENCE.fullmatch(_text(fields["sequence"])):
        raise ValueError("sequence")
    return Entry(
        stream=_text(fields["stream"]),
        sequence=int(fields["sequence"]),
        id=_text(fields["id"]),
        type=_text(fields["type"]).removeprefix("io.posedge.").removesuffix(".v1"),
        subject=_text(fields["subject"]),
        time=_text(fields["time"]),
        prevhash=_text(fields["prevhash"]),
        hash=_text(fields["hash"]),
        data=_mapping(fields["data"]),
        body=body,
    )


def _whole(number: str) -> int:
    if abs(value := int(number)) > SAFE_INTEGER:
        raise ValueError("an integer that others would round: write it as a string")
    return value


def _refuse(_number: str) -> NoReturn:
    raise ValueError("a float: amounts are integers, quantities are decimal strings")


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return cast("dict[str, Any]", value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value
