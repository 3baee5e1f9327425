"""The technician's page: rendered here, kept current by one small script, at home on a phone."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from posedge.model.capabilities import DeviceStatus, Scale, ScaleState, Weight
from posedge.model.errors import DeniedError, DeviceError, NotFoundError
from posedge.model.explanation import Undriven
from posedge.model.status import BoxStatus
from posedge.model.value import Value
from posedge.terminals.overview import overview
from posedge.web.access import PUBLIC, TECHNICIAN, Caller, Scope
from posedge.web.board import (
    CASE_LABELS,
    DAY_LABELS,
    DEVICE_LABELS,
    PAYMENT_LABELS,
    SCALE_WORDS,
    VERDICT_LABELS,
    Board,
    board,
    checks,
    drawer_label,
    kilograms,
    scales,
)
from posedge.web.cookies import browser, cookie, cookie_name
from posedge.web.pairing import Pairing
from posedge.web.routes import (
    care,
    cases,
    devices,
    events,
    lessons,
    pair,
    payments,
    reconciliations,
    terminals,
)
from posedge.web.services import Served, Services
from posedge.web.sessions import Sessions
from posedge.web.settings import WebSettings
from posedge.web.stream import TYPES

HERE = Path(__file__).parent.parent
MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATIC = {each.name: each.read_bytes() for each in sorted((HERE / "static").iterdir())}
"""Three small files, read once."""

SHOWN_EVENTS = 40

WORDS: dict[str, Any] = {
    "case_labels": CASE_LABELS,
    "day_labels": DAY_LABELS,
    "verdict_labels": VERDICT_LABELS,
    "payment_labels": PAYMENT_LABELS,
    "device_labels": DEVICE_LABELS,
    "drawer_label": drawer_label,
    "scale_words": SCALE_WORDS,
}

router = APIRouter(include_in_schema=False)
router.add_api_route("/page/events", events.events, methods=["GET"], **TECHNICIAN)
router.add_api_route("/page/devices/{name}/test", devices.test, methods=["POST"], **TECHNICIAN)
router.add_api_route("/page/devices/{name}/learn", lessons.learn, methods=["POST"], **TECHNICIAN)
router.add_api_route("/page/test-codes/{form}", lessons.test_code, methods=["GET"], **TECHNICIAN)
router.add_api_route("/page/support", care.support, methods=["POST"], **TECHNICIAN)
router.add_api_route(
    "/page/pair/window", pair.open_window, methods=["POST"], status_code=201, **TECHNICIAN
)
router.add_api_route(
    "/page/payments/{attempt_id}/resolve", payments.resolve, methods=["POST"], **TECHNICIAN
)
router.add_api_route(
    "/page/cases/{case_id}/resolve", cases.resolve_case, methods=["POST"], **TECHNICIAN
)
router.add_api_route(
    "/page/terminals/{name}/end-of-day", reconciliations.end_day, methods=["POST"], **TECHNICIAN
)
router.add_api_route(
    "/page/terminals/{name}/slip", reconciliations.declare, methods=["POST"], **TECHNICIAN
)
router.add_api_route(
    "/page/terminals/{name}/check",
    terminals.check_from_page,
    methods=["POST"],
    status_code=202,
    **TECHNICIAN,
)
router.add_api_route(
    "/page/terminals/{name}/check/stop",
    terminals.stop_check,
    methods=["POST"],
    status_code=202,
    **TECHNICIAN,
)
router.add_api_route(
    "/page/terminals/{name}/check/report.{form}",
    terminals.check_report,
    methods=["GET"],
    response_class=Response,
    **TECHNICIAN,
)


class Login(Value):
    code: Annotated[str, Field(min_length=1, max_length=16)]


@cache
def _templates() -> Any:
    """Return the templates, with escaping on and every missing name an error."""
    import jinja2  # noqa: PLC0415 - 2 MB that a box does without until somebody looks

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kg"] = kilograms
    return environment


@router.get("/", **PUBLIC)
async def page(request: Request, services: Served) -> HTMLResponse:
    caller: Caller | None = request.scope["posedge.caller"]
    if caller is None:
        return _render("login.html")
    return _render(
        "page.html",
        board=await _board(services),
        types=sorted(TYPES),
        after=max(0, services.bus.last - SHOWN_EVENTS),
        shown=SHOWN_EVENTS,
        address=str(request.base_url).rstrip("/"),
    )


@router.get("/page/board", **TECHNICIAN)
async def parts(request: Request, services: Served) -> HTMLResponse:
    address = str(request.base_url).rstrip("/")
    return _render("board.html", board=await _board(services), address=address)


@router.post("/page/session", status_code=204, **PUBLIC)
async def begin(request: Request, login: Login) -> Response:
    """Turn a technician's pairing code into a session of this browser."""
    pairing: Pairing = request.app.state.pairing
    sessions: Sessions = request.app.state.sessions
    window = pairing.redeem(login.code)
    if window.scope is not Scope.TECHNICIAN:
        raise DeniedError("scope.missing", "this code is for a till: open one for a technician")
    caller = Caller("page", window.name, frozenset({window.scope}))
    value = sessions.begin(caller, browser(request.scope, request.headers))
    return _with_cookie(request, value)


@router.delete("/page/session", status_code=204, **PUBLIC)
async def end(request: Request) -> Response:
    sessions: Sessions = request.app.state.sessions
    sessions.end(cookie(request.headers, secure=_is_secure(request)) or "")
    return _with_cookie(request, "")


@router.get("/static/{name}", **PUBLIC)
async def static(name: str) -> Response:
    if name not in STATIC:
        raise NotFoundError("file.unknown", "no such file")
    return Response(
        STATIC[name],
        headers={"cache-control": "no-cache"},
        media_type=MEDIA[Path(name).suffix],
    )


async def _board(services: Services) -> Board:
    box = _with_remedies(await services.box_status(), await services.why.unsupported())
    weights = [(each, _weight(services, each)) for each in scales(box)]
    return board(box, weights, checks(overview(services.devices), services.checks.reports))


def _with_remedies(box: BoxStatus, left: Sequence[Undriven]) -> BoxStatus:
    """Say each device once: what is known and fails bears its remedy where it stands."""
    remedies = {each.id: each.remedy for each in left}
    known = {each.id for each in box.devices}
    devices = tuple(
        each.model_copy(update={"reason": f"{each.reason}; {remedies[each.id]}"})
        if each.id in remedies
        else each
        for each in box.devices
    )
    undriven = tuple(each for each in left if each.id not in known)
    return box.model_copy(update={"devices": devices, "undriven": undriven})


def _weight(services: Services, device: DeviceStatus) -> Weight:
    try:
        _, scale = services.devices.find(Scale, device.name)  # type: ignore[type-abstract]
    except (DeviceError, NotFoundError):  # away, or just unplugged
        return Weight(state=ScaleState.NOT_READY)
    return scale.weight()


def _render(template: str, **context: Any) -> HTMLResponse:
    return HTMLResponse(_templates().get_template(template).render(WORDS | context))


def _is_secure(request: Request) -> bool:
    settings: WebSettings = request.app.state.settings
    return settings.secure


def _with_cookie(request: Request, value: str) -> Response:
    """Set the session's cookie, or end it when `value` is empty.

    `Secure` only under TLS: a browser would not send it back over plain loopback HTTP.
    """
    response = Response(status_code=204)
    response.set_cookie(
        cookie_name(secure=_is_secure(request)),
        value,
        max_age=None if value else 0,
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )
    return response
