"""What becomes of a job, step by step. Pure.

QUEUED -> PRINTING (durable before a byte leaves) -> DONE
<- QUEUED: nothing was sent, or a document that may be on paper, next time as a copy
-> UNKNOWN: bytes or labels that may be on paper, and can bear no mark
-> FAILED: it cannot be printed at all
"""

from posedge.model.capabilities import PrintEvidence
from posedge.model.errors import DeviceError, MisuseError, PosedgeError
from posedge.model.label import Labels
from posedge.model.printing import PrintContent, PrintJob, PrintOrder, PrintState
from posedge.model.receipt import Align, Receipt, Rule, Text

LOOK = "look at the paper, and print under a new id what is not there"
MAX_BREAKS = 10
"""A document that broke off so often is not tried again: it is paper for nothing."""

INTERRUPTED = "the box stopped while it was printed"


def begin(job: PrintJob, at: str, *, diverted: bool) -> PrintJob:
    """Return the job with the printer that is about to get its first byte.

    What it waited for before stays told until it is out.
    """
    return job.model_copy(update={"state": PrintState.PRINTING, "at": at, "diverted": diverted})


def came_out(job: PrintJob, evidence: PrintEvidence) -> PrintJob:
    """Return the job with one copy more on paper."""
    out = job.out + 1
    done = out >= job.copies
    return job.model_copy(
        update={
            "state": PrintState.DONE if done else PrintState.PRINTING,
            "out": out,
            "evidence": evidence,
            "reason": None,
            "is_copy": job.is_copy and done,
        }
    )


def refused(before: PrintJob, job: PrintJob, error: PosedgeError) -> PrintJob:
    """Return the job as `error` leaves it; `before` is how it stood before it began here."""
    if error.code == "printer.waiting" or _unfit(before, job, error):
        kept = {"at": before.at, "diverted": before.diverted} if not job.out else {}
        return job.model_copy(update={"state": PrintState.QUEUED, "reason": error.message, **kept})
    if isinstance(error, DeviceError):
        return interrupted(job, error.message)
    return job.model_copy(update={"state": PrintState.FAILED, "reason": error.message})


def _unfit(before: PrintJob, job: PrintJob, error: PosedgeError) -> bool:
    """Whether only the printer that stands in cannot print it: its own may."""
    return isinstance(error, MisuseError) and job.diverted and before.at is None and not job.out


def interrupted(job: PrintJob, reason: str = INTERRUPTED) -> PrintJob:
    """Return a job that may be on paper: a document comes again, as a copy; others do not."""
    breaks = job.breaks + 1
    if job.content is not PrintContent.RECEIPT or breaks >= MAX_BREAKS:
        told: dict[str, object] = {"state": PrintState.UNKNOWN, "reason": f"{reason}: {LOOK}"}
    else:
        told = {"state": PrintState.QUEUED, "reason": reason, "is_copy": True}
    return job.model_copy(update={**told, "breaks": breaks})


def content(order: PrintOrder, job: PrintJob) -> Receipt | bytes | Labels:
    """Return what goes to the printer; a document is marked as a copy, and for whom it is."""
    receipt = order.receipt
    if receipt is None:
        other = order.labels if order.raw is None else order.raw
        assert other is not None, "an order has one content"
        return other
    if job.diverted:
        notice = Text(text=f"Printed here for {job.printer}", align=Align.CENTRE)
        receipt = receipt.model_copy(update={"parts": (notice, Rule(), *receipt.parts)})
    return receipt.model_copy(update={"copy_of": order.title}) if job.is_copy else receipt
