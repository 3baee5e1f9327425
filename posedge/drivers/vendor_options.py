"""What can be configured of a terminal behind a vendor's program."""

from typing import Annotated

from pydantic import Field

from posedge.model.money import Currency
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]


class VendorOptions(Value):
    """The options of a terminal.

    `test_mode`: the operator's word that it moves no real money, `currency` what it is tried with.
    `start_ms`: until the program has said what it is. `beat_ms`: between questions whether it
    lives, `read_ms`: until such and any other question is answered, `answer_ms`: until the next
    word of a payment; then it is killed and started again.
    """

    test_mode: bool = False
    currency: Currency = "EUR"
    start_ms: Milliseconds = 30_000
    beat_ms: Milliseconds = 5_000
    read_ms: Milliseconds = 10_000
    answer_ms: Milliseconds = 180_000
    write_ms: Milliseconds = 2_000
