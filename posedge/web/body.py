"""The body of a write: JSON, whole, of bounded size and time, without floats."""

import asyncio
import json
from http import HTTPStatus
from typing import NoReturn

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive

from posedge.web.problems import problem

MAX_BODY_BYTES = 256 * 1024
"""A sale of 500 lines has about 150 KB; nothing that a till sends is larger."""

BODY_S = 10
"""A till on a slow link sends that in two seconds."""


class Refusal(Exception):  # noqa: N818 - not an error of ours: an answer
    """An answer that ends the request here."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail

    def answer(self) -> Response:
        challenge = {"www-authenticate": "Bearer"} if self.code == "token.missing" else {}
        return problem(self.status, self.code, self.detail, headers=challenge)


def refuse(status: HTTPStatus, code: str, detail: str) -> NoReturn:
    raise Refusal(status, code, detail)


async def read_body(headers: Headers, receive: Receive) -> Receive:
    """Take the whole body and look at it; return a `receive` that hands it on."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media.unsupported",
            "send Content-Type: application/json, with an empty body too",
        )
    try:
        async with asyncio.timeout(BODY_S):
            body = await _collect(headers, receive)
    except TimeoutError:
        refuse(HTTPStatus.REQUEST_TIMEOUT, "body.slow", f"send the body within {BODY_S} s")
    _check_json(body)
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


async def _collect(headers: Headers, receive: Receive) -> bytes:
    length = headers.get("content-length", "0")
    body, more = bytearray(), True
    while more:
        if max(len(body), int(length)) > MAX_BODY_BYTES:  # h11 let digits only through
            refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "body.large",
                f"send at most {MAX_BODY_BYTES} bytes",
            )
        message = await receive()
        if message["type"] == "http.disconnect":
            refuse(HTTPStatus.BAD_REQUEST, "body.cut", "the connection ended within the body")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _check_json(body: bytes) -> None:
    try:
        if body:
            json.loads(body, parse_float=_no_float, parse_constant=_no_float)
    except RecursionError:
        refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "request.invalid", "the body is nested too deep")
    except ValueError as error:
        refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "request.invalid", f"not JSON: {error}")


def _no_float(text: str) -> NoReturn:
    refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "number.float",
        f"{text} is not exact: write money as integer minor units, other decimals as strings",
    )
