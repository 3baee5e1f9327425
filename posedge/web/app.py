"""The HTTP application: what it is made of."""

import json
import warnings
from functools import cache

from fastapi import FastAPI
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.responses import JSONResponse, Response

from posedge.web import openapi, problems
from posedge.web.access import PUBLIC
from posedge.web.claims import Claims
from posedge.web.gate import Gate
from posedge.web.once import Once
from posedge.web.pairing import Pairing
from posedge.web.routes import (
    box,
    care,
    cases,
    claims,
    counter,
    devices,
    displays,
    events,
    labels,
    lessons,
    page,
    pair,
    payments,
    prints,
    readers,
    reconciliations,
    sales,
    terminals,
)
from posedge.web.routes.counter import Opened
from posedge.web.routes.readers import Replied
from posedge.web.services import Services
from posedge.web.sessions import Sessions
from posedge.web.settings import WebSettings
from posedge.web.stream import Streams
from posedge.web.tokens import Tokens

DEFERRED = "The 'alias' attribute with value"
"""FastAPI silences this warning of its own parameters only while it declares them, and what reads a
Value is built later, with the first request."""

warnings.filterwarnings("ignore", DEFERRED, UnsupportedFieldAttributeWarning)

ROUTERS = (
    events.router,
    devices.router,
    claims.router,
    lessons.router,
    sales.router,
    payments.router,
    cases.router,
    reconciliations.router,
    terminals.router,
    prints.router,
    counter.router,
    readers.router,
    displays.router,
    labels.router,
    box.router,
    care.router,
    pair.router,
    page.router,
)


def build(services: Services, settings: WebSettings, *, admin_token: str | None = None) -> FastAPI:
    """Return the application. `admin_token` is what `posedge.web.admin.issue` wrote."""
    app = FastAPI(
        openapi_url=None,  # served below, declared public like every other route
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    tokens = Tokens(services.journal, services.clock, services.chance)
    sessions = Sessions(services.clock, services.chance)
    app.state.services = services
    app.state.settings = settings
    app.state.tokens = tokens
    app.state.sessions = sessions
    app.state.pairing = Pairing(services.clock, services.chance)
    app.state.streams = Streams(services.bus)
    app.state.claims = Claims(services.devices, services.clock)
    app.state.openings = Once[Opened](services.clock)
    app.state.card_commands = Once[Replied](services.clock)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    _serve_document(app)
    app.add_middleware(
        Gate, settings=settings, tokens=tokens, sessions=sessions, admin_token=admin_token
    )
    return app


def _serve_document(app: FastAPI) -> None:
    @cache
    def document() -> bytes:
        return json.dumps(openapi.document(app)).encode()

    @app.get("/v1/openapi.json", tags=["box"], response_class=JSONResponse, **PUBLIC)
    async def described() -> Response:
        """Return this document."""
        return Response(document(), media_type="application/json")
