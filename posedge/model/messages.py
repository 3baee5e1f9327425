"""What box and headquarters say to each other over MQTT, beside the journal's entries.

A newer peer may add fields: what is not known here is ignored, what is known is checked. Shapes:
design/contract, "MQTT payloads".
"""

from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from posedge.model.errors import ProtocolError
from posedge.model.value import Value

Sequence = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A journal sequence number; both databases keep it in 64 bits."""

Session = Sequence
"""Counts the connections of one box; 64 bits, or one box's number would stop the whole ledger."""

Moment = Annotated[str, Field(max_length=32, pattern=r"^[^\x00-\x1f]*$")]
"""An RFC 3339 time; as long as the ledger's column."""

Stream = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Word = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")]
Sentence = Annotated[str, Field(max_length=1024)]

MAX_RANGES = 100
"""Holes or rejections named in one ack; what is left out comes with the next."""

MAX_HOLD_MS = 600_000
"""No headquarters may silence a box for longer than an ack lives (600 s)."""


class _Message(Value):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Sync(_Message):
    """`first` and `last` exist in the journal; `acked` is what the box believes is confirmed."""

    stream: Stream
    first: Sequence
    last: Sequence
    acked: Sequence
    session: Session = 0


class Reject(_Message):
    """An entry that headquarters keeps in quarantine: a person must look at it."""

    seq: Sequence
    code: Word


class Ack(_Message):
    """Every sequence up to `upto` is committed at headquarters, or listed in `reject`."""

    stream: Stream
    upto: Sequence
    need: Annotated[tuple[tuple[Sequence, Sequence], ...], Field(max_length=MAX_RANGES)] = ()
    reject: Annotated[tuple[Reject, ...], Field(max_length=MAX_RANGES)] = ()
    hold_ms: Annotated[int, Field(ge=0, le=MAX_HOLD_MS)] = 0


class Status(_Message):
    """Birth, draining and death. A death of an older `session` than the last birth is void."""

    status: Literal["online", "offline", "draining"]
    session: Session
    reason: Word | None = None
    stream: Stream | None = None
    last: Sequence | None = None
    version: Word | None = None
    since: Moment | None = None


class HqStatus(_Message):
    """`timestamp` is seconds since 1970 at headquarters."""

    online: bool
    timestamp: int


class Desired(_Message):
    version: Sequence
    state: dict[str, JsonValue]


class Reported(_Message):
    """`version` counts the reports; `desired_version` is the one that `status` speaks of."""

    version: int
    desired_version: int | None = None
    status: Literal["applied", "pending", "rejected"] | None = None
    error: Sentence | None = None
    state: dict[str, JsonValue]


class Command(_Message):
    """`not_after` is RFC 3339; `dry_run` asks what would be done."""

    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
    args: dict[str, JsonValue] = Field(default_factory=dict)
    not_after: Word | None = None
    dry_run: bool = False


class Result(_Message):
    id: str
    status: Literal["accepted", "executing", "successful", "failed", "expired", "duplicate"]
    code: Word | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


M = TypeVar("M", bound=_Message)


def read(kind: type[M], payload: bytes) -> M:
    """Read a payload; ProtocolError `message.unreadable` says what is wrong with it."""
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        raise ProtocolError(
            "message.unreadable", f"{kind.__name__}: {where}: {first['msg']}"
        ) from None


def write(message: _Message) -> bytes:
    """Return the JSON of a message, without what is not said."""
    return message.model_dump_json(exclude_none=True).encode()
