"""Labels for the shelf and for goods: print jobs like any other, on label printers."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from posedge.model.label import MAX_QUANTITY, Label, LabelPrinter, Labels
from posedge.model.printing import PrintJob, PrintOrder, Words
from posedge.model.value import Value
from posedge.web.access import TILL, Asking
from posedge.web.routes.claims import Claiming
from posedge.web.routes.prints import Key, Wait, answered
from posedge.web.services import Served

router = APIRouter(tags=["counter"])


class LabelRequest(Value):
    """`printer` is a device's name or a role; None is the only label printer."""

    printer: Words | None = None
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1
    label: Label


@router.post("/v1/labels", responses={HTTPStatus.ACCEPTED: {"model": PrintJob}}, **TILL)
async def print_labels(
    services: Served,
    claims: Claiming,
    asking: Asking,
    response: Response,
    wish: LabelRequest,
    *,
    idempotency_key: Key = None,
    wait_s: Wait = 5,
) -> PrintJob:
    """Answer as /v1/print does: 200 when the job has ended, else 202; GET /v1/print/{id} tells."""
    key = idempotency_key or services.ids.new()
    order = PrintOrder(
        id=key,
        owner=asking.id,
        title=f"job {key}",
        printer=wish.printer,
        labels=Labels(label=wish.label, quantity=wish.quantity),
    )
    if await services.queue.find(key) is None:
        claims.check(LabelPrinter, services.queue.device(wish.printer), asking)
    return await answered(services.queue, order, response, wait_s)
