"""Commands to boxes over HTTP: the only thing at headquarters that changes anything.

Whoever sends one bears the token from the settings; without one configured nobody can.
"""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request
from pydantic import SecretStr, ValidationError

from posedge.hq.book import MAX_ROWS, CommandBook, Told
from posedge.hq.commands import CommandRequest, Commands
from posedge.model.errors import ConflictError, MisuseError, NotFoundError, PosedgeError
from posedge.tasks import Run

MAX_BODY = 16_384

STATUS = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    MisuseError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

Limit = Annotated[int, Query(ge=1, le=MAX_ROWS)]


def router(
    commands: Commands, book: CommandBook, run: Run, *, token: SecretStr | None
) -> APIRouter:
    """Return the routes; `run` runs the book's blocking calls."""
    api = APIRouter()

    @api.post("/v1/boxes/{box}/commands", status_code=202)
    async def send(
        request: Request, box: str, authorization: Annotated[str, Header()] = ""
    ) -> Told:
        """Send a command; the same id again returns it, with the answer once it is here."""
        _check(token, authorization)
        wish = _read(await _body(request))
        try:
            return await commands.send(box, wish)
        except PosedgeError as error:
            raise _problem(error) from None

    @api.get("/v1/commands")
    async def recent(limit: Limit = 20) -> tuple[Told, ...]:
        return await run(lambda: book.recent(limit))

    @api.get("/v1/commands/{number}")
    async def command(number: str) -> Told:
        try:
            return await run(lambda: book.get(number))
        except PosedgeError as error:
            raise _problem(error) from None

    return api


def _check(token: SecretStr | None, authorization: str) -> None:
    if token is None:
        text = "commands are off: start headquarters with --token-file"
        raise HTTPException(HTTPStatus.FORBIDDEN, text)
    scheme, _, given = authorization.partition(" ")
    fits = hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
    if scheme.lower() != "bearer" or not fits:
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED, "the token is missing or wrong", {"WWW-Authenticate": "Bearer"}
        )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a command has at most {MAX_BODY} bytes"
            )
    return bytes(body)


def _read(body: bytes) -> CommandRequest:
    try:
        return CommandRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        text = f"{where}: {first['msg']}"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, text) from None


def _problem(error: PosedgeError) -> HTTPException:
    status = next(
        (code for kind, code in STATUS.items() if isinstance(error, kind)),
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    return HTTPException(status, f"{error.code}: {error.message}")
