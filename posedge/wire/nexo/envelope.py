"""What came over the wire, and how much of it may be believed."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.answers import Response, Result
from posedge.wire.nexo.crypto import SecurityKey, seal, unseal
from posedge.wire.nexo.header import Header
from posedge.wire.nexo.notation import Fields, fields, read, text, write
from posedge.wire.redact import redact_text

REJECT = "Reject"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to our request. `plain`: it came unsealed where sealed ones are spoken.

    Such a one can only be a failure, from a terminal that could not open what we sent: a refusal
    to begin is believed, and nothing else.
    """

    body: Fields
    response: Response
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """An event in place of an answer: `Reject` says that something went wrong, and not what."""

    event: str
    text: str


Received = Answer | Notice | None


def sealed(message: bytes, header: Header, key: SecurityKey, nonce: bytes) -> bytes:
    """Return the message as it goes over the shop's network, request or response."""
    name = f"SaleToPOI{header.kind}"
    inner: Fields = {"MessageHeader": header.to_fields(), **seal(message, key, nonce)}
    return write({name: inner}).encode()


def opened(data: bytes, asked: Header, key: SecurityKey | None) -> Received:
    """Return what came as the answer to `asked`; None for an empty body, as to an abort.

    ProtocolError: `nexo.unreadable`, `nexo.untrusted`, `nexo.forged` for a success that is not
    sealed, `nexo.uncorrelated` for the answer to another request.
    """
    if not data.strip():
        return None
    outside = read(data)
    notice = _notice(outside)
    if notice is not None:
        return notice
    envelope = fields(outside, "SaleToPOIResponse")
    _check_pair(envelope, asked)
    if key is None or "NexoBlob" not in envelope:
        return _answer(envelope, asked, plain=key is not None)
    inside = read(unseal(envelope, key))
    notice = _notice(inside)
    if notice is not None:
        return notice
    message = fields(inside, "SaleToPOIResponse")
    _check_pair(message, asked)
    return _answer(message, asked, plain=False)


def _answer(message: Fields, asked: Header, *, plain: bool) -> Answer:
    body = fields(message, f"{asked.category}Response")
    response = Response.from_fields(fields(body, "Response"))
    if plain and response.result is not Result.FAILURE:
        text = "a success came unsealed: it is forged, or encryption is off at the terminal"
        raise ProtocolError("nexo.forged", text)
    return Answer(body, response, plain)


def _check_pair(message: Fields, asked: Header) -> None:
    header = Header.from_fields(fields(message, "MessageHeader"))
    if header != asked.answer:
        raise ProtocolError("nexo.uncorrelated", "the answer is to another request")


def _notice(outside: Fields) -> Notice | None:
    found = fields(outside, "SaleToPOIRequest", "EventNotification")
    if not found:
        return None
    details = text(found, "EventDetails")
    said = parse_qs(details).get("message", [details])[0]
    return Notice(text(found, "EventToNotify"), redact_text(said))
