"""What can be configured of a ZVT terminal."""

import codecs
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from posedge.model.money import NUMERIC
from posedge.model.value import Value
from posedge.wire.zvt.text import CHARSET

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]


class ZvtOptions(Value):
    """The options of a terminal.

    `test_mode`: the operator's word that it stands in its test mode, which ZVT cannot tell.
    `capture`: how it books a reservation, by 06 24 or by 06 23. `t3_ms`: until a command is
    answered. `t4_ms`: until the next word of a payment, at least; the terminal may ask for longer.
    `answer_ms`: until a read has ended. `skew_s`: what terminal and box may differ by; `timezone`
    is the terminal's, None the box's own. On a serial line only, `t1_ms`: between two bytes of a
    frame, `t2_ms`: until the line acknowledges one.
    """

    password: Annotated[
        str, Field(pattern=r"^[0-9]{6}$", repr=False, description="six digits in quotes")
    ] = "000000"  # noqa: S105
    currency: str = "EUR"
    test_mode: bool = False
    capture: Literal["book-total", "partial-reversal"] = "book-total"
    charset: str = CHARSET
    timezone: str | None = None
    t1_ms: Milliseconds = 200
    t2_ms: Milliseconds = 5_000
    t3_ms: Milliseconds = 5_000
    t4_ms: Milliseconds = 180_000
    answer_ms: Milliseconds = 30_000
    busy_poll_ms: Milliseconds = 2_000
    busy_limit_ms: Milliseconds = 60_000
    status_ms: Milliseconds = 30_000
    skew_s: Annotated[int, Field(ge=0, le=3600)] = 300

    @field_validator("currency")
    @classmethod
    def _numbered(cls, currency: str) -> str:
        if currency not in NUMERIC:
            raise ValueError(f"no ISO 4217 number is known here; write one of {', '.join(NUMERIC)}")
        return currency

    @field_validator("charset")
    @classmethod
    def _decodable(cls, charset: str) -> str:
        try:
            return codecs.lookup(charset).name
        except LookupError:
            raise ValueError("no such character set; write cp437, latin-1 or utf-8") from None

    @field_validator("timezone")
    @classmethod
    def _located(cls, timezone: str | None) -> str | None:
        try:
            return timezone and ZoneInfo(timezone).key
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone; write one such as Europe/Berlin") from None

    @property
    def numeric(self) -> int:
        """The currency as ISO 4217 numbers it."""
        return NUMERIC[self.currency]

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.timezone) if self.timezone else None
