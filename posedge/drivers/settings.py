"""The `[codes]` table of the configuration: what the shop's own weight and price labels say."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from posedge.model.money import Money
from posedge.model.value import Value
from posedge.wire.embedded import GRAMS, Reading
from posedge.wire.restricted import REGIONS, Measure, Rule, Shape, rule

EAN_13_BODY = 12
"""Digits in front of the check digit."""

Region = Literal["de", "dk", "ee", "fi", "gb", "it", "lt", "lv", "no", "se", "us"]

Digits = Annotated[int, Field(ge=1, le=8)]
Prefix = Annotated[
    str,
    Field(pattern=r"^(2\d{0,3}|0[24]\d{0,2})$", description="1 to 4 digits from 2, 02 or 04 on"),
]
"""Only restricted circulation numbers: a rule must never swallow an article's GTIN."""


class ShopRule(Value):
    """What an EAN-13 of this prefix bears: item reference, perhaps a verifier digit, the value.

    `decimals` are those of kilograms, or of the currency's major unit. `check` says of the digit
    between item and value: there is none, it is GS1's verifier of the value, or it is not read.
    A UPC-A that begins with 2 has the prefix 02, as the EAN-13 that it is.
    """

    prefix: Prefix
    item_digits: Digits
    value_digits: Digits
    kind: Measure
    decimals: Annotated[int, Field(ge=0, le=3)]
    check: Literal["none", "gs1", "unread"] = "none"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        length = len(self.prefix) + self.item_digits + self.value_digits + (self.check != "none")
        if length != EAN_13_BODY:
            raise ValueError(f"prefix, item, check and value are {length} digits: make them 12")
        if self.check == "gs1" and self.value_digits not in {4, 5}:
            raise ValueError('check "gs1" is of 4 or 5 value digits; write "unread" or "none"')
        most = {Measure.COUNT: 0, Measure.WEIGHT: GRAMS, Measure.PRICE: self.decimals}[self.kind]
        if self.decimals > most:
            raise ValueError(f"a {self.kind} has at most {most} decimals here")
        return self

    @property
    def rule(self) -> Rule:
        shape = Shape(self.item_digits, self.value_digits, self.check)
        return rule(f"shop:{self.prefix}", self.prefix, shape, self.kind, self.decimals)


class CodesSettings(Value):
    """How weights and prices in codes are read: by the shop's rules, then by its region's."""

    region: Region | None = None
    currency: Annotated[
        str | None, Field(pattern=r"^[A-Z]{3}$", description="an ISO 4217 code such as EUR")
    ] = None
    rules: Annotated[tuple[ShopRule, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _payable(self) -> Self:
        priced = [each for each in self.rules if each.kind is Measure.PRICE]
        currency = self.reading.currency
        if not priced:
            return self
        if currency is None:
            raise ValueError("prices have no currency: set region or currency")
        exponent = Money(minor=0, currency=currency).exponent
        if any(each.decimals > exponent for each in priced):
            raise ValueError(f"a price has more decimals than {currency}: at most {exponent}")
        return self

    @property
    def reading(self) -> Reading:
        region = REGIONS[self.region] if self.region else None
        own = tuple(each.rule for each in self.rules)
        return Reading(
            own + (region.rules if region else ()),
            self.currency or (region.currency if region else None),
        )
