"""What a code says of this very piece: its weight, its price, its count. Integers only.

A value whose verifier digit is wrong, or that cannot be said in grams or minor units without
rounding, is told by its code and its sentence, and not given.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from posedge.model.events import Element, Embedded
from posedge.model.money import NUMERIC, Money
from posedge.wire.gs1 import SYMBOLOGIES, Code
from posedge.wire.gtin import holds_check_digit
from posedge.wire.restricted import Measure, Rule

EAN_13_DIGITS, UPC_A_DIGITS = 13, 12
EAN_UPC = frozenset({None, SYMBOLOGIES["E0"]})
"""A scanner that does not name its symbologies is believed when the check digit holds."""

MEASURE = re.compile(r"310\d|39[23]\d|30")
"""Net weight in kilograms; amount payable; amount payable with its currency; count. The last
digit of four is the number of decimals (GS1 GenSpecs 3.6)."""

GRAMS = 3
"""Decimals of a kilogram in grams."""

ALPHABETIC = {f"{number:03d}": currency for currency, number in NUMERIC.items()}

MINUS_TWO = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
PLUS_FIVE = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
MINUS_FIVE = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
"""A digit's weighted product: times two, its tens taken off, and so on (GS1 GenSpecs 7.9.2)."""

FOUR_DIGITS = (MINUS_TWO, MINUS_TWO, THREE, MINUS_FIVE)
FIVE_DIGITS = (PLUS_FIVE, MINUS_TWO, MINUS_FIVE, PLUS_FIVE, MINUS_TWO)
"""The product for each place (GS1 GenSpecs 7.9.3 and 7.9.4)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How this shop reads such codes: the first rule that fits; `currency` of prices or None."""

    rules: tuple[Rule, ...] = ()
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why there is a value and it is not believed."""

    code: str
    message: str


NO_CURRENCY = _Refused(
    "currency.unknown", "the price's currency is not known: set [codes] region or currency"
)
ROUNDED = _Refused(
    "decimals.lost", "the value has more decimals than grams or money: weigh it or type the price"
)
TWICE = _Refused("elements.contradictory", "the code says two values: type the right one")


def read_embedded(code: Code, reading: Reading) -> Embedded | None:
    """Read what is embedded in `code`; None when nothing is, or nobody said how to read it."""
    if code.elements:
        return from_elements(code.elements, reading.currency)
    return from_digits(code.text, reading) if code.symbology in EAN_UPC else None


def from_digits(digits: str, reading: Reading) -> Embedded | None:
    """Read an EAN-13 or UPC-A; None unless a rule fits and its check digit holds."""
    if len(digits) not in {EAN_13_DIGITS, UPC_A_DIGITS} or not holds_check_digit(digits):
        return None
    for rule in reading.rules:
        if found := rule.pattern.fullmatch(digits.zfill(EAN_13_DIGITS)):
            value = _verified(found, rule, reading.currency)
            return _embedded(found["item"], rule.name, [value])
    return None


def from_elements(elements: Sequence[Element], currency: str | None) -> Embedded | None:
    """Read a variable measure trade item: net weight 310n, price 392n or 393n, count 30."""
    items = [each.value for each in elements if each.ai == "01" and holds_check_digit(each.value)]
    measures = [each for each in dict.fromkeys(elements) if MEASURE.fullmatch(each.ai)]
    if not items or not measures:
        return None
    rule = "+".join(each.ai for each in measures)
    return _embedded(items[0], f"gs1:{rule}", [_of_element(each, currency) for each in measures])


def verifier_digit(value: str) -> str | None:
    """Return the price or weight check digit of four or five digits; None for other lengths."""
    match len(value):
        case 4:
            return str(_weighted(value, FOUR_DIGITS) * 3 % 10)
        case 5:
            return str(MINUS_FIVE.index(-_weighted(value, FIVE_DIGITS) % 10))
        case _:
            return None


def _weighted(value: str, products: Sequence[Sequence[int]]) -> int:
    return sum(product[int(digit)] for digit, product in zip(value, products, strict=True))


_Found = Mapping[str, int | Money]


def _verified(found: re.Match[str], rule: Rule, currency: str | None) -> _Found | _Refused:
    value, verifier = found["value"], found.groupdict().get("verifier")
    expected = verifier_digit(value)
    if verifier is None or verifier == expected:
        return _measured(int(value), rule.measure, rule.decimals, currency)
    return _Refused(
        "verifier.wrong",
        f"the verifier digit is {verifier}, of {value} it is {expected}: scan again, or type it",
    )


def _measured(
    value: int, measure: Measure, decimals: int, currency: str | None
) -> _Found | _Refused:
    match measure:
        case Measure.COUNT:
            return {"count": value}
        case Measure.WEIGHT:
            weight_g = _scaled(value, GRAMS - decimals)
            return ROUNDED if weight_g is None else {"weight_g": weight_g}
        case _:
            return _price(value, decimals, currency)


def _price(value: int, decimals: int, currency: str | None) -> _Found | _Refused:
    if currency is None:
        return NO_CURRENCY
    exponent = Money(minor=0, currency=currency).exponent
    minor = _scaled(value, exponent - decimals)
    return ROUNDED if minor is None else {"price": Money(minor=minor, currency=currency)}


def _scaled(value: int, places: int) -> int | None:
    """Move the decimal point; None where a digit would be lost."""
    if places >= 0:
        return int(value * 10**places)
    whole, lost = divmod(value, 10**-places)
    return None if lost else int(whole)


def _of_element(element: Element, currency: str | None) -> _Found | _Refused:
    value, decimals = element.value, int(element.ai[-1])
    match element.ai[:3]:
        case "310":
            return _measured(int(value), Measure.WEIGHT, decimals, currency)
        case "392":
            return _price(int(value), decimals, currency)
        case "393":
            return _price(int(value[3:]), decimals, ALPHABETIC.get(value[:3]))
        case _:
            return {"count": int(value)}


def _embedded(item: str, rule: str, values: Iterable[_Found | _Refused]) -> Embedded:
    """Put together what was found; one value that is not believed spoils the others."""
    found: dict[str, int | Money] = {}
    refused: _Refused | None = None
    for value in values:
        if isinstance(value, _Refused):
            refused = value
        elif found.keys() & value.keys():
            refused = TWICE
        else:
            found |= value
    if refused is not None:
        return Embedded(item=item, rule=rule, code=refused.code, message=refused.message)
    return Embedded.model_validate({"item": item, "rule": rule, **found})
