from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.model.money import EXPONENTS, Money


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        ("12", "EUR", 1200),
        ("-0.05", "EUR", -5),
        ("12.300", "EUR", 1230),
        ("1234", "JPY", 1234),
        ("1.234", "KWD", 1234),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("12.345", "EUR", "money.decimals"),
        ("1.5", "JPY", "money.decimals"),
        ("", "EUR", "money.unreadable"),
        ("NaN", "EUR", "money.unreadable"),
        ("1e9", "EUR", "money.unreadable"),
        ("1_000", "EUR", "money.unreadable"),
        ("12,34", "EUR", "money.unreadable"),
        (" 1", "EUR", "money.unreadable"),
        ("\u0661", "EUR", "money.unreadable"),
        ("9" * 16, "EUR", "money.unreadable"),
    ],
)
def test_what_is_not_an_amount_is_never_rounded_into_one(
    text: str, currency: str, code: str
) -> None:
    with pytest.raises(MisuseError) as error:
        Money.parse(text, currency)
    assert error.value.code == code


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_writing_and_reading_agree(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    text, _, named = str(money).partition(" ")
    assert named == currency
    assert Money.parse(text, currency) == money
    assert money.decimal == Decimal(text)


def test_money_adds_and_turns_its_sign() -> None:
    a, b = Money(minor=1234, currency="EUR"), Money(minor=34, currency="EUR")
    assert (a + b, a - b, -a) == (
        Money(minor=1268, currency="EUR"),
        Money(minor=1200, currency="EUR"),
        Money(minor=-1234, currency="EUR"),
    )


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MisuseError, match="do not add"):
        Money(minor=1, currency="EUR") + Money(minor=1, currency="CHF")


def test_exponents_are_those_of_iso_4217() -> None:
    assert (EXPONENTS["JPY"], EXPONENTS["BHD"], EXPONENTS.get("EUR", 2)) == (0, 3, 2)
