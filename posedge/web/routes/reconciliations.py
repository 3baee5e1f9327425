"""Ending a terminal's day, and how it compares with the journal."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from posedge.model.reconciliation import Declaration, Reconciliation
from posedge.model.value import Value
from posedge.payments.declared import Slip
from posedge.payments.order import Key as Number
from posedge.web.access import STAFF, Asking
from posedge.web.routes.sales import Key, same_key
from posedge.web.services import Served

router = APIRouter(tags=["reconciliations"])


class DayRequest(Value):
    """`id` is the idempotency key; `terminal` None: the only one that is meant.

    `declared`: the terminal is not asked, the totals are those that somebody read off its slip.
    """

    id: Number
    terminal: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    declared: Declaration | None = None


@router.post("/v1/reconciliations", status_code=201, response_model=Reconciliation, **STAFF)
async def reconcile(
    services: Served, wish: DayRequest, asking: Asking, idempotency_key: Key = None
) -> Response:
    """End a terminal's day and compare it with the journal. May take minutes; ask again by `id`.

    The same `id` again returns the same one and ends no second day. A terminal that tells no
    totals is asked for nothing: `declared` are those of its own slip, read by a person.
    """
    same_key(idempotency_key, wish.id)
    day = await services.reconciliations.run(
        wish.id, wish.terminal, who=asking.name, declared=wish.declared
    )
    return Response(
        day.model_dump_json(),
        201,
        headers={"location": f"/v1/reconciliations/{day.id}"},
        media_type="application/json",
    )


async def end_day(services: Served, name: str, asking: Asking) -> Reconciliation:
    """End a day from the page; a second press finds the terminal taken."""
    return await services.reconciliations.run(services.ids.new(), name, who=asking.name)


async def declare(services: Served, name: str, slip: Slip, asking: Asking) -> Reconciliation:
    """Compare a slip that somebody types on the page."""
    number = services.ids.new()
    return await services.reconciliations.run(number, name, who=asking.name, declared=slip.read())


@router.get("/v1/reconciliations", **STAFF)
async def reconciliations(
    services: Served, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Sequence[Reconciliation]:
    """List the last ends of days, newest first."""
    return await services.reconciliations.recent(limit)


@router.get("/v1/reconciliations/{number}", **STAFF)
async def reconciliation(services: Served, number: str) -> Reconciliation:
    return await services.reconciliations.get(number)
