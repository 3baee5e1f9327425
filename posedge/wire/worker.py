"""What box and vendor worker say to each other: JSON, a message a line (docs/vendor-worker.md)."""

import json
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ValidationError

from posedge.model.errors import ProtocolError
from posedge.model.value import Json, Value
from posedge.wire.redact import redact_text

VERSION = 1
MAX_LINE = 64 * 1024
"""Of one message; a receipt of 400 lines has 20 KB."""


Words: TypeAlias = Annotated[str, AfterValidator(redact_text)]
"""What people read, from a program of somebody else: a card number in it is masked."""


class Hello(Value):
    """The worker's first words. `able` are abilities as the box names them."""

    protocol: int
    name: str
    version: str = ""
    able: tuple[str, ...] = ()


class Failure(Value):
    """`refused`: provably nothing was begun; anything else may have."""

    code: str
    text: Words = ""


class Printed(Value):
    customer: bool
    lines: tuple[Words, ...]


class Outcome(Value):
    """How a payment ended. `reference` is the box's, repeated."""

    reference: str
    approved: bool
    amount_minor: int | None = None
    currency: str = ""
    code: Words = ""
    text: Words = ""
    terminal_id: str = ""
    receipt_no: str = ""
    trace_no: str = ""
    auth_code: Words = ""
    scheme: Words = ""
    pan_last4: str = ""
    entry: str = ""
    terminal_time: str = ""
    signature: bool = False
    cancelled: bool = False


class Found(Value):
    """What became of a reference. `none`: it is kept where it would be known, and is not there."""

    state: Literal["approved", "held", "declined", "void", "running", "none", "unknown"]
    result: Outcome | None = None


class Said(Value):
    """One message of the worker; `call` is the number of the call that it is about.

    All but `hello` belong to a call; `ok`, `error`, `result` and `found` end it.
    """

    call: int = 0
    hello: Hello | None = None
    ok: str | None = None
    error: Failure | None = None
    accepted: bool = False
    shown: Words | None = None
    printed: Printed | None = None
    result: Outcome | None = None
    found: Found | None = None


def line(call: int, do: str, **fields: Json) -> bytes:
    """Return a call as one line."""
    return json.dumps({"call": call, "do": do, **fields}).encode() + b"\n"


class Decoder:
    """Messages out of any segmentation. Lives as long as its worker.

    ProtocolError `worker.unreadable` for a line that is none or too long, raised again by every
    further `pull`.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        if self._error is None:
            self._unread += data

    def pull(self) -> Said | None:
        """Return the next message, or None when more bytes are needed."""
        if self._error is not None:
            raise self._error
        end = self._unread.find(b"\n")
        if max(end, len(self._unread) if end < 0 else 0) > MAX_LINE:
            raise self._fail(f"a line of more than {MAX_LINE} bytes")
        if end < 0:
            return None
        text = bytes(self._unread[:end])
        del self._unread[: end + 1]
        try:
            return Said.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise self._fail(f"{place or 'a line'}: {first['msg']}") from None

    def __repr__(self) -> str:
        return f"<Decoder {self._error or f'{len(self._unread)} bytes waiting'}>"

    def _fail(self, text: str) -> ProtocolError:
        self._unread.clear()
        self._error = ProtocolError("worker.unreadable", text)
        return self._error
