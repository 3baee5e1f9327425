"""Every refusal and failure as RFC 9457 problem details with a stable `code`.

The one table from our errors to HTTP statuses. No input is echoed: it may be card data.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from posedge.model.errors import (
    ConfigError,
    ConflictError,
    DeniedError,
    DeviceBusy,
    DeviceError,
    InDoubt,
    MisuseError,
    NotFoundError,
    PosedgeError,
    ProtocolError,
    StorageError,
)
from posedge.model.value import Json, Value

STATUSES: dict[type[PosedgeError], HTTPStatus] = {
    ConflictError: HTTPStatus.CONFLICT,
    NotFoundError: HTTPStatus.NOT_FOUND,
    DeniedError: HTTPStatus.FORBIDDEN,
    MisuseError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DeviceBusy: HTTPStatus.CONFLICT,
    InDoubt: HTTPStatus.GATEWAY_TIMEOUT,
    DeviceError: HTTPStatus.SERVICE_UNAVAILABLE,
    ProtocolError: HTTPStatus.BAD_GATEWAY,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    ConfigError: HTTPStatus.INTERNAL_SERVER_ERROR,
    PosedgeError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The nearest class in an error's line of ancestors counts."""

MAX_COMPLAINTS = 20
"""Fields named in one answer: a till maker mends the first few and asks again."""


class Complaint(Value):
    field: str
    problem: str


class Problem(Value):
    """RFC 9457. `code` is stable: programs read it; `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[Complaint, ...] = Field(default=(), description="What is wrong where")


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Json] | None = None,
) -> Response:
    said: dict[str, Json] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        **(more or {}),
    }
    return JSONResponse(
        said, status, headers=dict(headers or {}), media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    app.add_exception_handler(PosedgeError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, PosedgeError)
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    more: dict[str, Json] = {"data": error.data} if error.data else {}
    return problem(status, error.code, error.message, more=more)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    complaints = _complaints(error.errors())
    first = f"{complaints[0]['field']}: {complaints[0]['problem']}"
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "request.invalid", first, more={"errors": complaints}
    )


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = "route.unknown" if status == HTTPStatus.NOT_FOUND else "request.refused"
    text = "no such route: see /v1/openapi.json" if code == "route.unknown" else error.detail
    return problem(status, code, text, headers=error.headers)


async def _bug(_: Request, __: Exception) -> Response:
    """Answer only: the server logs what was raised, with its trace."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "box.bug",
        "The box made a mistake and logged it. Ask for the state before trying again.",
    )


def _complaints(errors: Sequence[Any]) -> list[Mapping[str, Json]]:
    return [
        {"field": ".".join(str(step) for step in error["loc"]), "problem": _advice(error)}
        for error in errors[:MAX_COMPLAINTS]
    ]


def _advice(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown field: remove it, or see /v1/openapi.json for its name"
        case "missing":
            return "is missing: add it"
        case "string_pattern_mismatch":
            return f"write it as {error['ctx']['pattern']}"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")
