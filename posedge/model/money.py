"""Money in integer minor units of an ISO 4217 currency."""

import re
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from posedge.model.errors import MisuseError
from posedge.model.value import Value

_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_WHOLE.split(), 0),
    **dict.fromkeys(_THOUSANDTHS.split(), 3),
}
"""ISO 4217 currencies whose minor unit is not a hundredth."""

NUMERIC = {
    "AUD": 36, "CAD": 124, "CHF": 756, "CZK": 203, "DKK": 208, "EUR": 978, "GBP": 826,
    "HUF": 348, "JPY": 392, "NOK": 578, "PLN": 985, "RON": 946, "SEK": 752, "USD": 840,
}  # fmt: skip
"""ISO 4217 numeric codes of the currencies that terminals are asked for."""

_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
"""Decimal itself also reads `1e9`, `1_000` and `NaN`, and rounds beyond 28 digits."""

_CURRENCY = re.compile(r"[A-Z]{3}")

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Money(Value):
    """`minor` may be negative: a refund, a rounding, change."""

    minor: int
    currency: Currency

    @property
    def exponent(self) -> int:
        return EXPONENTS.get(self.currency, 2)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-self.exponent)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read "12.34"; more decimals than the currency has are an error, never rounded."""
        if not _CURRENCY.fullmatch(currency):
            raise MisuseError("money.currency", f"{currency!r} is no currency such as EUR")
        zero = cls(minor=0, currency=currency)
        if not _AMOUNT.fullmatch(text):
            raise MisuseError("money.unreadable", f"{text!r} is not an amount such as 12.34")
        minor = Decimal(text).scaleb(zero.exponent)
        if minor != minor.to_integral_value():
            raise MisuseError("money.decimals", f"{text} {currency} has too many decimals")
        return cls(minor=int(minor), currency=currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(minor=-self.minor, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.decimal:.{self.exponent}f} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise MisuseError("money.currency", f"{self.currency} and {other.currency} do not add")
        return other.minor
