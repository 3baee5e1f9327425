"""HTTP/1.1 enough for the clients of payment providers: requests with a length, one by one."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_HEADERS = 100
MAX_BODY = 1_000_000
"""A provider refuses more; a client that never ends must not fill the memory."""

REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Request:
    """`path` without its query; names of headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as `a=b&c[d]=e`."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def fields(self) -> dict[str, Any]:
        """The body as a JSON object."""
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, status: int, content: object) -> "Answer":
        return cls(status, json.dumps(content).encode())

    def to_bytes(self) -> bytes:
        head = {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'No')}"]
        lines += [f"{name}: {value}" for name, value in {**head, **self.headers}.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request, None when the client has gone or sends what is none."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        pairs = (line.split(":", 1) for line in head[1 : MAX_HEADERS + 1] if line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= MAX_BODY:
            return None
        body = await reader.readexactly(length)
        parts = urlsplit(target)
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        return None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, parts.path, query, headers, body)


async def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
    """Send a webhook; return the status of its answer. OSError, TimeoutError when there is none."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            own = {
                "Host": f"{host}:{port}",
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
            lines = [f"POST {parts.path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in {**own, **headers}.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            status = (await reader.readline()).split(b" ")
            return int(status[1]) if len(status) > 1 else 0
        finally:
            writer.transport.abort()
