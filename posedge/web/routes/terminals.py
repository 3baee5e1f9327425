"""Payment terminals: which there are, what each can do, how each is; the go-live check."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from posedge.model.value import Value
from posedge.payments.order import Key as Number
from posedge.terminals.overview import TerminalStatus, asked, overview
from posedge.terminals.paper import html, text
from posedge.terminals.report import Report
from posedge.web.access import CARE, LOOK, Asking
from posedge.web.routes.sales import Key, same_key
from posedge.web.services import Served

router = APIRouter(tags=["terminals"])


@router.get("/v1/terminals", **LOOK)
async def terminals(services: Served) -> Sequence[TerminalStatus]:
    """List the payment terminals with what each can do, without asking any."""
    return overview(services.devices)


@router.get("/v1/terminals/{name}", **LOOK)
async def terminal(services: Served, name: str) -> TerminalStatus:
    """Ask a terminal how it is; `says` is its own word."""
    return await asked(services.devices, name)


class Consent(Value):
    """Real money moves only where it is asked for, and `confirm` is the terminal's name."""

    real_money: bool = False
    confirm: Annotated[str, Field(max_length=64)] = ""


class CheckRequest(Consent):
    """`id` is the idempotency key."""

    id: Number


WRITERS = {"txt": (text, "text/plain; charset=utf-8"), "html": (html, "text/html; charset=utf-8")}
STYLED = "default-src 'none'; style-src 'unsafe-inline'"
"""The report needs nothing but its own style."""


@router.post("/v1/terminals/{name}/check", status_code=202, **CARE)
async def check(
    services: Served, name: str, wish: CheckRequest, asking: Asking, idempotency_key: Key = None
) -> Report:
    """Begin the go-live check: every flow that the terminal can do, with a person at it.

    `now` of the report says what the person must do; ask for it again until `phase` is `ended`.
    """
    same_key(idempotency_key, wish.id)
    return services.checks.start(
        wish.id, name, real_money=wish.real_money, confirm=wish.confirm, who=asking.name
    )


async def check_from_page(services: Served, name: str, consent: Consent, asking: Asking) -> Report:
    """Begin it from the page: a second click finds it running."""
    return services.checks.start(
        services.ids.new(),
        name,
        real_money=consent.real_money,
        confirm=consent.confirm,
        who=asking.name,
    )


@router.get("/v1/terminals/{name}/check", **CARE)
async def checked(services: Served, name: str) -> Report:
    """Return the running check's report, else the last one."""
    return services.checks.report(name)


@router.post("/v1/terminals/{name}/check/stop", status_code=202, **CARE)
async def stop_check(services: Served, name: str) -> Report:
    """Try nothing more, and ask the terminal to end what runs."""
    return await services.checks.stop(name)


@router.get("/v1/terminals/{name}/check/report.{form}", response_class=Response, **CARE)
async def check_report(services: Served, name: str, form: Literal["txt", "html"]) -> Response:
    """Return the same as text, or as one HTML file that needs nothing else."""
    report = services.checks.report(name)
    write, media = WRITERS[form]
    headers = {
        "content-disposition": f'inline; filename="go-live-check.{form}"',
        "content-security-policy": STYLED,
    }
    return Response(write(report), headers=headers, media_type=media)
