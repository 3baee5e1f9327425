"""A print job: what is asked for, and how it stands."""

import hashlib
from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from posedge.model.capabilities import PrintEvidence
from posedge.model.label import Labels
from posedge.model.receipt import Receipt
from posedge.model.value import Value

MAX_RAW_BYTES = 128 * 1024
"""A full-width picture of 1,800 lines; as base64 it still fits into a request."""

MAX_COPIES = 10

JobId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class PrintState(StrEnum):
    """UNKNOWN: it may be on paper, nobody can tell, and it is not printed again."""

    QUEUED = "queued"
    PRINTING = "printing"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


class PrintContent(StrEnum):
    """What a job puts out: a document, bytes in the printer's own language, or labels."""

    RECEIPT = "receipt"
    RAW = "raw"
    LABELS = "labels"


PRINT_FINAL = frozenset(
    {PrintState.DONE, PrintState.FAILED, PrintState.UNKNOWN, PrintState.CANCELLED}
)


def check_content(receipt: Receipt | None, raw: bytes | None) -> None:
    """Raise ValueError unless there is one of the two."""
    if (receipt is None) == (raw is None):
        raise ValueError("give either receipt or raw")


class PrintOrder(Value):
    """What is to be printed, once for each `id`; one of `receipt`, `raw` and `labels`.

    `printer` is a device's name, a role of the configuration, or None for the only one. `title`
    is what a copy says that it is a copy of; `owner` is whose id it is. `copies` are of documents
    and bytes: a batch of labels has its own number.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    id: JobId
    owner: Words
    title: Words
    printer: Words | None = None
    copies: Annotated[int, Field(ge=1, le=MAX_COPIES)] = 1
    receipt: Receipt | None = None
    raw: Annotated[bytes, Field(max_length=MAX_RAW_BYTES)] | None = None
    labels: Labels | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if sum(each is not None for each in (self.receipt, self.raw, self.labels)) != 1:
            raise ValueError("give one of receipt, raw and labels")
        if self.labels is not None and self.copies != 1:
            raise ValueError("labels have a quantity and no copies")
        return self

    @property
    def content(self) -> PrintContent:
        if self.labels is not None:
            return PrintContent.LABELS
        return PrintContent.RECEIPT if self.raw is None else PrintContent.RAW

    @property
    def digest(self) -> str:
        """The same for the same content from the same owner."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class PrintJob(Value):
    """How a job stands. `reason` says what it waits for or why it failed, and what to do.

    `at` is the printer that it began on, None before a byte of it was sent. `diverted`: that one
    stands in for `printer`. `out` counts the copies on paper; `evidence` is what said so of the
    last. `breaks` counts how often it broke off; then `is_copy`: the next piece is marked.
    """

    id: JobId
    printer: str | None
    content: PrintContent
    copies: int
    state: PrintState = PrintState.QUEUED
    at: str | None = None
    diverted: bool = False
    out: int = 0
    is_copy: bool = False
    breaks: int = 0
    evidence: PrintEvidence | None = None
    reason: str | None = None
    accepted: str
    ended: str | None = None

    @property
    def final(self) -> bool:
        return self.state in PRINT_FINAL
