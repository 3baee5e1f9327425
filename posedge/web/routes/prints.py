"""Printing: accepted durably, printed once, told by what said so."""

from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, Base64Bytes, Field, model_validator

from posedge.checkout import merchant, paper
from posedge.model.capabilities import Printer
from posedge.model.printing import (
    MAX_COPIES,
    MAX_RAW_BYTES,
    JobId,
    PrintJob,
    PrintOrder,
    Words,
    check_content,
)
from posedge.model.receipt import Receipt
from posedge.model.value import Value
from posedge.web.access import STAFF, TILL, Asking
from posedge.web.routes.claims import Claiming
from posedge.web.services import Queue, Served

router = APIRouter(tags=["counter"])

MAX_WAIT_S = 30

OWN = (paper.PREFIX, merchant.PREFIX)
"""What the ids of the box's own jobs begin with: by them it knows how a sale's receipt ended."""


def _free(key: str | None) -> str | None:
    if key is not None and key.startswith(OWN):
        raise ValueError(f"{' and '.join(OWN)} begin the box's own: choose another key")
    return key


Key = Annotated[
    JobId | None,
    AfterValidator(_free),
    Header(
        description="Names the job, for the whole box. The same key prints once in 30 days, also "
        "across restarts; with other content it is a conflict. Left out, the box makes one, and a "
        "request that is sent again prints again. None begins with receipt- or merchant-: those "
        "are the box's own."
    ),
]
Wait = Annotated[
    int,
    Query(ge=0, le=MAX_WAIT_S, description="How long to wait for the paper before answering."),
]


class PrintRequest(Value):
    """Either `receipt`, or `raw`: bytes in the printer's own language, where the box allows it.

    `printer` is a device's name or a role; None is the only one.
    """

    printer: Words | None = None
    copies: Annotated[int, Field(ge=1, le=MAX_COPIES)] = 1
    receipt: Receipt | None = None
    raw: Annotated[Base64Bytes, Field(max_length=MAX_RAW_BYTES)] | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        check_content(self.receipt, self.raw)
        return self


@router.post("/v1/print", responses={HTTPStatus.ACCEPTED: {"model": PrintJob}}, **TILL)
async def print_job(
    services: Served,
    claims: Claiming,
    asking: Asking,
    response: Response,
    wish: PrintRequest,
    *,
    idempotency_key: Key = None,
    wait_s: Wait = 5,
) -> PrintJob:
    """Answer 200 when the job has ended, else 202: it is on the disk, and will be printed."""
    key = idempotency_key or services.ids.new()
    order = PrintOrder(
        id=key,
        owner=asking.id,
        title=f"job {key}",
        printer=wish.printer,
        copies=wish.copies,
        receipt=wish.receipt,
        raw=wish.raw,
    )
    if await services.queue.find(key) is None:
        claims.check(Printer, services.queue.device(wish.printer), asking)
    return await answered(services.queue, order, response, wait_s)


async def answered(queue: Queue, order: PrintOrder, response: Response, wait_s: int) -> PrintJob:
    """Submit, and return how the job stands after `wait_s` at the latest."""
    await queue.submit(order)
    job = await queue.ended(order.id, wait_s)
    response.status_code = HTTPStatus.OK if job.final else HTTPStatus.ACCEPTED
    return job


@router.get("/v1/print/{job_id}", **STAFF)
async def how_it_stands(services: Served, job_id: str, wait_s: Wait = 0) -> PrintJob:
    """Tell how a job stands; `evidence` is what said that it is on paper."""
    return await services.queue.ended(job_id, wait_s)


@router.post("/v1/print/{job_id}/cancel", **STAFF)
async def cancel(services: Served, job_id: str) -> PrintJob:
    """Take back a job that waits; what a printer has is printed to its end."""
    return await services.queue.cancel(job_id)
