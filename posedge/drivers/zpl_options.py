"""What can be configured of a ZPL label printer."""

from typing import Annotated, Literal

from pydantic import Field

from posedge.drivers.label_layout import Paper
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=600_000)]

_DOTS_PER_MM = {203: 8, 300: 12, 600: 24}


class ZplOptions(Value):
    """The options of a label printer.

    `width_mm`, `height_mm`: the label that is in it. `job_ms`: until a label must come out, while
    there are some to come. `resume_ms`: how long a batch that stopped half-way (paper, ribbon,
    head, pause) may wait for somebody to mend that.
    """

    width_mm: Annotated[int, Field(ge=15, le=220)] = 57
    height_mm: Annotated[int, Field(ge=10, le=500)] = 32
    dpi: Literal[203, 300, 600] = 203
    answer_ms: Milliseconds = 3_000
    poll_ms: Milliseconds = 250
    beat_ms: Milliseconds = 5_000
    write_ms: Milliseconds = 10_000
    job_ms: Milliseconds = 30_000
    resume_ms: Milliseconds = 120_000

    @property
    def paper(self) -> Paper:
        per_mm = _DOTS_PER_MM[self.dpi]
        return Paper(self.width_mm * per_mm, self.height_mm * per_mm, per_mm)
