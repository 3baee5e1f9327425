"""Restricted circulation numbers that bear a weight, a price or a count (GS1 GenSpecs 2.1.12).

What the digits mean is agreed in each country, and within a chain: here are the countries whose
agreement is published. France, Spain and the Netherlands leave it to the shops: they write their
own table, as every shop may.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Measure(StrEnum):
    """`decimals` of a rule are those of kilograms, or of the currency's major unit."""

    WEIGHT = "weight"
    PRICE = "price"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an EAN-13 of this pattern bears; groups `item`, `value` and perhaps `verifier`.

    A `name` tells which rule it was: `de:28`, `shop:24`.
    """

    name: str
    pattern: re.Pattern[str]
    measure: Measure
    decimals: int


@dataclass(frozen=True, slots=True)
class Region:
    """A country's rules, and the currency of their prices."""

    currency: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The digits behind a prefix, in their order; all but the last, the symbol's check digit.

    `verifier`: a digit in front of the value, by which a misread value is known (GS1 GenSpecs
    7.9.2), or `unread` when the shop's scales print one that follows no rule.
    """

    item_digits: int
    value_digits: int
    verifier: Literal["none", "gs1", "unread"] = "none"


def rule(name: str, prefix: str, shape: Shape, measure: Measure, decimals: int) -> Rule:
    between = {"none": "", "gs1": r"(?P<verifier>\d)", "unread": r"\d"}[shape.verifier]
    pattern = rf"{prefix}(?P<item>\d{{{shape.item_digits}}}){between}"
    behind = rf"(?P<value>\d{{{shape.value_digits}}})\d"
    return Rule(name, re.compile(pattern + behind, re.ASCII), measure, decimals)


WEIGHT, PRICE, COUNT = Measure.WEIGHT, Measure.PRICE, Measure.COUNT
FOUR, SIX = Shape(6, 4), Shape(4, 6)
GERMAN, BRITISH = Shape(4, 5, "gs1"), Shape(5, 4, "gs1")

Row = tuple[str, Shape, Measure, int]

BALTIC: tuple[Row, ...] = (
    ("23", FOUR, WEIGHT, 3),
    ("24", FOUR, WEIGHT, 2),
    ("25", FOUR, WEIGHT, 1),
)
"""GS1 Latvia, "Variable measure in Latvia"; the same in Estonia, Lithuania and Finland (GS1
Finland, "How to identify a product")."""

NORDIC: tuple[Row, ...] = (
    ("20", FOUR, PRICE, 2),
    ("21", FOUR, PRICE, 1),
    ("22", FOUR, PRICE, 0),
    *BALTIC,
)
"""GS1 Sweden, "How do I create my variable weight numbers"; seen on goods in Norway too."""

DANISH: tuple[Row, ...] = (
    *((prefix, SIX, PRICE, 2) for prefix in ("21", "22", "23", "24")),
    ("26", SIX, WEIGHT, 3),
    ("27", Shape(5, 5), WEIGHT, 3),
    ("28", SIX, WEIGHT, 3),
)
"""GS1 Denmark, "GTIN-13 pris" and "GTIN-13 vægt"."""

GERMAN_ROWS: tuple[Row, ...] = (
    *((prefix, GERMAN, PRICE, 2) for prefix in ("22", "23")),
    *((prefix, GERMAN, COUNT, 0) for prefix in ("25", "26")),
    *((prefix, GERMAN, WEIGHT, 3) for prefix in ("28", "29")),
)
"""GS1 Germany, "Globale Artikelnummer GTIN in der Anwendung". 20, 21, 24 and 27 are the shop's."""

ITALIAN: tuple[Row, ...] = (("2(?=[2-9])", Shape(6, 5), PRICE, 2),)
"""Indicod: 2, an article from 200000 to 999999, the price in cents; 20 and 21 are the chain's."""


def _region(name: str, currency: str, rows: tuple[Row, ...]) -> Region:
    named = (
        rule(f"{name}:{prefix[:2].rstrip('(')}", prefix, shape, measure, decimals)
        for prefix, shape, measure, decimals in rows
    )
    return Region(currency, tuple(named))


REGIONS: Mapping[str, Region] = {
    "de": _region("de", "EUR", GERMAN_ROWS),
    "dk": _region("dk", "DKK", DANISH),
    "ee": _region("ee", "EUR", BALTIC),
    "fi": _region("fi", "EUR", BALTIC),
    # GS1 UK, "How to barcode variable measure items": both are given to makers.
    "gb": _region("gb", "GBP", (("20", BRITISH, PRICE, 2), ("28", BRITISH, PRICE, 2))),
    "it": _region("it", "EUR", ITALIAN),
    "lt": _region("lt", "EUR", BALTIC),
    "lv": _region("lv", "EUR", BALTIC),
    "no": _region("no", "NOK", NORDIC),
    "se": _region("se", "SEK", NORDIC),
    # UPC-A of number system 2 as the EAN-13 that it is: GS1 US, random weight items.
    "us": _region("us", "USD", (("02", BRITISH, PRICE, 2),)),
}
"""By ISO 3166-1 code."""
