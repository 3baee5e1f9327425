"""What can be configured of an ESC/POS printer and the drawer behind it."""

from typing import Annotated

from pydantic import Field, field_validator

from posedge.drivers.printer_report import ContactOption
from posedge.drivers.rendering import DEFAULT_PROFILE, profile_named
from posedge.model.errors import ConfigError
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=600_000)]
Pulse = Annotated[int, Field(ge=2, le=510)]


class EscposOptions(Value):
    """The options of a printer.

    `profile`: see posedge/drivers/rendering.py. `process_id`: whether the printer may be asked to
    confirm a job; switch it off for a clone that prints the question. `drawer_contact`: the
    level of connector pin 3 when the drawer is open, which differs between drawers; "learn" finds
    it out from the first openings, "none" when no switch is wired. `resume_ms`: how long a job
    that stopped half-way (paper, cover) may wait for somebody to mend that.
    """

    profile: str = DEFAULT_PROFILE
    process_id: bool = True
    drawer_contact: ContactOption = "learn"
    drawer_on_ms: Pulse = 100
    drawer_off_ms: Pulse = 400
    opening_ms: Milliseconds = 2_000
    answer_ms: Milliseconds = 3_000
    poll_ms: Milliseconds = 1_000
    beat_ms: Milliseconds = 15_000
    write_ms: Milliseconds = 10_000
    settle_ms: Milliseconds = 3_000
    job_ms: Milliseconds = 30_000
    resume_ms: Milliseconds = 120_000

    @field_validator("profile")
    @classmethod
    def _known(cls, profile: str) -> str:
        try:
            profile_named(profile)
        except ConfigError as error:
            raise ValueError(error.message) from None
        return profile
