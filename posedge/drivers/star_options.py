"""What can be configured of a Star printer and the drawer behind it."""

from typing import Annotated

from pydantic import Field, field_validator

from posedge.drivers.printer_report import ContactOption
from posedge.drivers.star_rendering import DEFAULT_PROFILE, sheet_named
from posedge.model.errors import ConfigError
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=600_000)]
Pulse = Annotated[int, Field(ge=10, le=1270)]


class StarOptions(Value):
    """The options of a Star printer.

    `profile`: see posedge/drivers/star_rendering.py. `drawer_contact`: whether
    the printer's "compulsion switch" is on (high) when the drawer is open, which differs between
    drawers; "learn" finds it out from the first openings, "none" when no switch is wired.
    `resume_ms`: how long a job that stopped half-way (paper, cover) may wait for somebody to mend
    that.
    """

    profile: str = DEFAULT_PROFILE
    drawer_contact: ContactOption = "learn"
    drawer_on_ms: Pulse = 200
    drawer_off_ms: Pulse = 200
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
            sheet_named(profile)
        except ConfigError as error:
            raise ValueError(error.message) from None
        return profile
