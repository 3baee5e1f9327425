"""What can be configured of an ECR17 terminal."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]
Eight = Annotated[str, Field(pattern=r"^[0-9]{8}$", description="eight digits in quotes")]


class Ecr17Options(Value):
    """The options of a terminal.

    `test_mode`: the operator's word that it moves no real money.
    `terminal_id`: zeros are whichever it has. `lrc`: how it checks messages, "auto" finds out.
    `extended`: its results name the amount, without which nothing that was lost can be found.
    `receipts`: they come to us. `ack_ms`: until a message is confirmed; `answer_ms`: until the next
    word of a payment; `read_ms`: of anything else; `receipt_ms`: of a receipt. `skew_s`: what the
    host's time and the box's may differ by; `timezone` is the host's, None the box's own.
    """

    test_mode: bool = False
    terminal_id: Eight = "00000000"
    register_id: Eight = "00000001"
    lrc: Literal["auto", "std", "stx", "noext", "stx-noext"] = "auto"
    extended: bool = True
    receipts: bool = True
    ack_ms: Milliseconds = 2_000
    answer_ms: Milliseconds = 180_000
    read_ms: Milliseconds = 5_000
    receipt_ms: Milliseconds = 5_000
    status_ms: Milliseconds = 30_000
    skew_s: Annotated[int, Field(ge=0, le=3600)] = 300
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _located(cls, timezone: str | None) -> str | None:
        try:
            return timezone and ZoneInfo(timezone).key
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone; write one such as Europe/Rome") from None

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.timezone) if self.timezone else None
