from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from posedge.model.value import Value

MerchantCopy: TypeAlias = Literal["signature", "always", "never"]
"""When the merchant's copy of a card slip is printed; "signature": where it is to be signed."""


class PaymentSettings(Value):
    """How long the box asks the terminal by itself, and how often once a person was called.

    `decision_s`: how long a till may think about a partial approval; then it is given back.
    `end_of_day`: when each terminal's day is ended, by the box's own time zone; None: by hand.
    """

    deadline_s: Annotated[int, Field(ge=60, le=86_400)] = 900
    slow_s: Annotated[int, Field(ge=10, le=3_600)] = 300
    decision_s: Annotated[int, Field(ge=10, le=3_600)] = 120
    merchant_copy: MerchantCopy = "signature"
    end_of_day: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
