"""Headquarters' one page and its JSON: who is there, what was sold, what is wrong.

GET only, but for commands (`orders`), which need a bearer token that no browser sends by itself,
and `hooks`, whose senders sign: there is nothing to forge. The Host header is checked, so that a
name that is rebound to this address reads nothing either.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field

from posedge.hq.book import CommandBook, Told
from posedge.hq.inbound import LAST
from posedge.hq.ingest import IngestStatus
from posedge.hq.openings import DAY, MAX_OPENINGS, OpeningDay, OpeningView, by_day
from posedge.hq.queries import (
    MAX_ROWS,
    BoxView,
    Counts,
    FaultView,
    MatterView,
    Queries,
    TransactionView,
)
from posedge.hq.settings import HqSettings
from posedge.model.value import Value
from posedge.tasks import Run

HERE = Path(__file__).parent
SHOWN = 20
SHOWN_COMMANDS = 5

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Limit = Annotated[int, Query(ge=1, le=MAX_ROWS)]
OfBox = Annotated[str | None, Query(max_length=32)]
OfDay = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))] | None
OpeningsLimit = Annotated[int, Query(ge=1, le=MAX_OPENINGS)]


class Health(Value):
    ok: bool
    ingest: IngestStatus


class Board(Value):
    """Everything on the page."""

    counts: Counts
    boxes: tuple[BoxView, ...]
    transactions: tuple[TransactionView, ...]
    faults: tuple[FaultView, ...]
    matters: tuple[MatterView, ...]
    openings: tuple[OpeningDay, ...]
    commands: tuple[Told, ...]
    commanding: bool
    ingest: IngestStatus


def build(
    queries: Queries,
    run: Run,
    *,
    status: Callable[[], IngestStatus],
    settings: HqSettings,
    book: CommandBook,
) -> FastAPI:
    """Return the application; `run` runs its blocking reads."""
    app = FastAPI(title="posedge headquarters", version="1", docs_url=None, redoc_url=None)
    templates = _templates()

    def read() -> Board:
        return Board(
            counts=queries.counts(),
            boxes=queries.boxes(),
            transactions=queries.transactions(SHOWN),
            faults=queries.faults(SHOWN),
            matters=queries.matters(),
            openings=by_day(queries.openings(limit=SHOWN)),
            commands=book.recent(SHOWN_COMMANDS),
            commanding=settings.token is not None,
            ingest=status(),
        )

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        board = await run(read)
        return HTMLResponse(templates.get_template("page.html").render(board=board))

    @app.get("/board", include_in_schema=False)
    async def board() -> HTMLResponse:
        shown = await run(read)
        return HTMLResponse(templates.get_template("board.html").render(board=shown))

    @app.get("/openings", include_in_schema=False)
    async def openings(box: OfBox = None, day: OfDay = None) -> HTMLResponse:
        """Show a day's openings of one box's drawers, or of all."""
        found = await run(lambda: queries.openings(box, day, MAX_OPENINGS))
        page = templates.get_template("openings.html")
        around = None if day is None else (day - DAY, day + DAY)
        full = len(found) == MAX_OPENINGS
        return HTMLResponse(
            page.render(days=by_day(found), box=box, day=day, around=around, full=full)
        )

    @app.get("/healthz")
    async def healthz(response: Response) -> Health:
        ingest = status()
        if not ingest.online:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(ok=ingest.online, ingest=ingest)

    app.include_router(_api(queries, run))
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    _guard(app, frozenset({"127.0.0.1", "localhost", "[::1]", settings.host, *settings.hosts}))
    return app


def _api(queries: Queries, run: Run) -> APIRouter:
    api = APIRouter()

    @api.get("/v1/boxes")
    async def boxes() -> tuple[BoxView, ...]:
        return await run(queries.boxes)

    @api.get("/v1/boxes/{box}/entries", response_class=Response)
    async def entries(
        box: str, after: Annotated[int, Query(ge=0, le=LAST)] = 0, limit: Limit = MAX_ROWS
    ) -> Response:
        """Return a list of entries, the first `after` left out, each as the box hashed it."""
        bodies = await run(lambda: queries.entries(box, after, limit))
        return Response(b"[%s]" % b",".join(bodies), media_type="application/json")

    @api.get("/v1/transactions")
    async def transactions(limit: Limit = SHOWN) -> tuple[TransactionView, ...]:
        return await run(lambda: queries.transactions(limit))

    @api.get("/v1/faults")
    async def faults(limit: Limit = SHOWN) -> tuple[FaultView, ...]:
        return await run(lambda: queries.faults(limit))

    @api.get("/v1/matters")
    async def matters(limit: Limit = SHOWN) -> tuple[MatterView, ...]:
        """List what waits for a person at the boxes: cases, and payments nobody knows of."""
        return await run(lambda: queries.matters(limit))

    @api.get("/v1/openings")
    async def openings(
        box: OfBox = None, day: OfDay = None, limit: OpeningsLimit = SHOWN
    ) -> tuple[OpeningView, ...]:
        """List the openings of cash drawers, the last first; `day` is one of UTC."""
        return await run(lambda: queries.openings(box, day, limit))

    @api.get("/v1/counts")
    async def counts() -> Counts:
        return await run(queries.counts)

    return api


def _guard(app: FastAPI, hosts: frozenset[str]) -> None:
    async def guard(
        request: Request, proceed: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        host, colon, port = request.headers.get("host", "").rpartition(":")
        name = host if colon and port.isdecimal() else request.headers.get("host", "")
        if name.lower() not in hosts:
            return PlainTextResponse("no such host here", HTTPStatus.MISDIRECTED_REQUEST)
        response = await proceed(request)
        response.headers.update(HEADERS)
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    app.middleware("http")(guard)


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["clock"] = _clock
    environment.filters["span"] = _span
    return environment


def _clock(time: str | None) -> str:
    """Return `04:00:00` for an RFC 3339 time; what is not one is shown as it came."""
    if time is None:
        return ""
    try:
        return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return time


def _span(seconds: int) -> str:
    """Return `12 s`, `2 min 5 s` or `1 h 20 min`."""
    minutes, rest = divmod(seconds, 60)
    hours, of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {of_hour} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds} s"
