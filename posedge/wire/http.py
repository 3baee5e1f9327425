"""HTTP/1.1 without a socket: one request and its reply on a connection. h11 lives here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import h11

from posedge.model.errors import ProtocolError

MAX_BODY = 256 * 1024
"""Bytes. A payment's answer with both receipts has some ten thousand."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`headers` beyond those that every request has; they may bear a key and are not shown."""

    target: str
    body: bytes
    host: str = "localhost"
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class HttpReply:
    status: int
    body: bytes


class HttpClient:
    """The side that asks: `send` once, then `feed` and `pull` until the reply is whole."""

    def __init__(self) -> None:
        self._gathering = _Gathering(h11.Connection(h11.CLIENT))

    def send(self, request: HttpRequest) -> bytes:
        """Return the bytes of a POST of JSON."""
        headers = {"Host": request.host, "Accept": "application/json", **request.headers}
        head = h11.Request(
            method="POST", target=request.target, headers=_headers(headers, request.body)
        )
        return self._gathering.said(head, request.body)

    def feed(self, data: bytes) -> None:
        """Take bytes; none at all says that the other side has hung up."""
        self._gathering.feed(data)

    def pull(self) -> HttpReply | None:
        """Return the reply once it is whole; ProtocolError `http.broken` from then on."""
        head = self._gathering.pull()
        if not isinstance(head, h11.Response):
            return None
        return HttpReply(head.status_code, self._gathering.body)


class HttpServer:
    """The side that answers."""

    def __init__(self) -> None:
        self._gathering = _Gathering(h11.Connection(h11.SERVER))

    def feed(self, data: bytes) -> None:
        self._gathering.feed(data)

    def pull(self) -> HttpRequest | None:
        """Return the request once it is whole; ProtocolError `http.broken` from then on."""
        head = self._gathering.pull()
        if not isinstance(head, h11.Request):
            return None
        headers = {name.decode().title(): value.decode("latin-1") for name, value in head.headers}
        target, host = head.target.decode("latin-1"), headers.get("Host", "")
        return HttpRequest(target, self._gathering.body, host, headers)

    def reply(self, status: int, body: bytes) -> bytes:
        head = h11.Response(status_code=status, headers=_headers({}, body))
        return self._gathering.said(head, body)


class _Gathering:
    """Puts the other side's message together. An error stays."""

    def __init__(self, connection: h11.Connection) -> None:
        self._h11 = connection
        self._head: h11.Request | h11.Response | None = None
        self._body = bytearray()
        self._whole = False
        self._error: ProtocolError | None = None

    @property
    def body(self) -> bytes:
        return bytes(self._body)

    def said(self, head: h11.Request | h11.Response, body: bytes) -> bytes:
        events = (head, h11.Data(data=body), h11.EndOfMessage())
        return b"".join(self._h11.send(event) or b"" for event in events)

    def feed(self, data: bytes) -> None:
        if self._error or self._whole:
            return
        try:
            self._h11.receive_data(data)
            while not self._whole and self._take(self._h11.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._error = _broken(str(error))

    def pull(self) -> h11.Request | h11.Response | None:
        if self._error:
            raise self._error
        return self._head if self._whole else None

    def _take(self, event: object) -> bool:
        """Take one event in; whether another may be there."""
        match event:
            case h11.Request() | h11.Response():
                self._head = event
            case h11.Data(data=data) if len(self._body) + len(data) <= MAX_BODY:
                self._body += data
            case h11.Data():
                self._error = _broken(f"a body of more than {MAX_BODY} bytes")
            case h11.EndOfMessage():
                self._whole = True
            case h11.InformationalResponse():
                pass
            case h11.ConnectionClosed():
                self._error = _broken("the other side hung up before the end")
            case _:
                return False
        return self._error is None


def _headers(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    length = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return list({**headers, **length, "Connection": "close"}.items())


def _broken(why: str) -> ProtocolError:
    return ProtocolError("http.broken", f"the other side does not speak HTTP as it should: {why}")
