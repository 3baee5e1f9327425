"""Pairing and tokens: who is let in, and who no longer."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from posedge.model.value import Value
from posedge.web.access import PAIRING, PUBLIC, Scope
from posedge.web.pairing import Pairing
from posedge.web.tokens import Token, Tokens

router = APIRouter(tags=["pairing"])
log = structlog.get_logger()

Label = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]


class WindowRequest(Value):
    """What the one who knows the code may do, and what to call them."""

    scope: Literal[Scope.TILL, Scope.TECHNICIAN, Scope.METRICS, Scope.DISPLAY]
    name: Label


class WindowOpened(Value):
    code: str
    expires: str
    scope: Scope
    name: str


class PairRequest(Value):
    """The code as the box shows it, and a name for the till if it has its own."""

    code: Annotated[str, Field(min_length=1, max_length=16)]
    name: Label | None = None


class Paired(Value):
    """`token` is shown this once."""

    token: str
    scopes: tuple[Scope, ...]


@router.post("/v1/pair", status_code=201, **PUBLIC)
async def pair(request: Request, wish: PairRequest) -> Paired:
    """Turn a code into a token. Five wrong codes close every window."""
    pairing: Pairing = request.app.state.pairing
    tokens: Tokens = request.app.state.tokens
    window = pairing.redeem(wish.code)
    token = await tokens.grant(window.scope, wish.name or window.name)
    log.info("web.paired", name=wish.name or window.name, scope=window.scope)
    return Paired(token=token, scopes=(window.scope,))


@router.post("/v1/pair/window", status_code=201, **PAIRING)
async def open_window(request: Request, wish: WindowRequest) -> WindowOpened:
    """Let one newcomer in during the next ten minutes: show them the code."""
    pairing: Pairing = request.app.state.pairing
    code, ends = pairing.open(wish.scope, wish.name)
    log.info("web.window_opened", name=wish.name, scope=wish.scope)
    return WindowOpened(code=code, expires=ends.rfc3339, scope=wish.scope, name=wish.name)


@router.get("/v1/tokens", **PAIRING)
async def tokens(request: Request) -> Sequence[Token]:
    held: Tokens = request.app.state.tokens
    return await held.all()


@router.delete("/v1/tokens/{number}", status_code=HTTPStatus.NO_CONTENT, **PAIRING)
async def revoke(request: Request, number: str) -> Response:
    """End a token at once."""
    held: Tokens = request.app.state.tokens
    await held.revoke(number)
    log.info("web.revoked", token=number)
    return Response(status_code=HTTPStatus.NO_CONTENT)
