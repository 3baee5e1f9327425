"""Labels for the shelf and for goods."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from posedge.model.capabilities import PrintEvidence
from posedge.model.label import MAX_QUANTITY, Label, LabelPrinter
from posedge.model.value import Value
from posedge.web.access import TILL, Asking
from posedge.web.once import Once
from posedge.web.routes.claims import Claiming
from posedge.web.routes.counter import Key, Words, keyed
from posedge.web.services import Served

router = APIRouter(tags=["counter"])


class LabelRequest(Value):
    """`job` names the print in the answer; `printer` None is the only label printer."""

    job: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    printer: Words | None = None
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1
    label: Label


class LabelsPrinted(Value):
    """`evidence` is what said that they are out."""

    job: str
    printer: str
    quantity: int
    evidence: PrintEvidence
    state: Literal["printed"] = "printed"


@router.post("/v1/labels", **TILL)
async def print_labels(
    request: Request,
    services: Served,
    claims: Claiming,
    asking: Asking,
    *,
    job: LabelRequest,
    idempotency_key: Key = None,
) -> LabelsPrinted:
    """Return when the printer has no label left to print; 503 when it is not known to be so."""
    claims.check(LabelPrinter, job.printer, asking)

    async def act() -> LabelsPrinted:
        name, printer = services.devices.find(LabelPrinter, job.printer)  # type: ignore[type-abstract]
        evidence = await printer.print_labels(job.label, job.quantity, job.job)
        return LabelsPrinted(job=job.job, printer=name, quantity=job.quantity, evidence=evidence)

    labels: Once[LabelsPrinted] = request.app.state.labels
    return await labels.do(keyed(asking, "labels", idempotency_key), job, act)
