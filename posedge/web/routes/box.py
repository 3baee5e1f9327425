"""The box itself: how it is, its journal, its figures."""

import asyncio
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, PlainTextResponse, Response

from posedge.model.status import BoxStatus
from posedge.web.access import FIGURES, PUBLIC, STAFF, TECHNICIAN
from posedge.web.metrics import figures
from posedge.web.problems import problem
from posedge.web.services import Served

router = APIRouter(tags=["box"])

LAST = 2**63 - 1
"""The journal counts in 64 bits."""

HEALTH_S = 5
"""A journal that does not answer for this long is not going to acknowledge a sale either."""


@router.get("/v1/status", **STAFF)
async def status(services: Served) -> BoxStatus:
    return await services.box_status()


@router.get("/v1/journal", response_class=Response, **TECHNICIAN)
async def journal(
    services: Served,
    after: Annotated[int, Query(ge=0, le=LAST)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Return `{"last", "entries"}`: entries behind `after`, each exactly as it was hashed."""
    entries = await services.journal.after(after, limit)
    bodies = b",".join(entry.body for entry in entries)
    said = b'{"last":%d,"entries":[%s]}' % (services.journal.last, bodies)
    return Response(said, media_type="application/json")


@router.get("/healthz", response_class=JSONResponse, **PUBLIC)
async def healthz(services: Served) -> Response:
    """200 when the journal answers and may be written; says nothing else about the box."""
    healthy = services.journal.status().healthy
    try:
        async with asyncio.timeout(HEALTH_S):
            await services.journal.note("healthz")
    except TimeoutError:
        healthy = False
    if healthy:
        return JSONResponse({"status": "ok"})
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "journal.unhealthy", "the journal takes nothing")


@router.get("/metrics", response_class=PlainTextResponse, **FIGURES)
async def metrics(services: Served) -> Response:
    """Figures for Prometheus; the machine itself may read them without a token."""
    text = figures(await services.box_status())
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
