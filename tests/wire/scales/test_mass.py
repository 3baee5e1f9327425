from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.scales.mass import GRAMS, Mass, Unit, unit

KG, G, LB, OZ = Unit.KG, Unit.G, Unit.LB, Unit.OZ


@pytest.mark.parametrize(
    ("number", "its", "text", "grams"),
    [
        (b"01.254", KG, "1.254 kg", 1254),
        (b"   00.000", KG, "0.000 kg", 0),
        (b" 12", KG, "12 kg", 12_000),
        (b"1250", G, "1250 g", 1250),
        (b"  100.05 ", G, "100.05 g", 100),
        (b"0.5", G, "0.5 g", 1),
        (b"0.4", G, "0.4 g", 0),
        (b"1.00", LB, "1.00 lb", 454),
        (b"002.76", LB, "2.76 lb", 1252),
        (b"16", OZ, "16 oz", 454),
        (b"0.1", OZ, "0.1 oz", 3),
        (b"- 0.020", KG, "-0.020 kg", -20),
        (b"-0.5", G, "-0.5 g", -1),
        (b"+1.", KG, "1 kg", 1000),
    ],
)
def test_what_the_scale_says_stays_and_grams_are_derived(
    number: bytes, its: Unit, text: str, grams: int
) -> None:
    mass = Mass.parse(number, its)
    assert mass is not None
    assert (str(mass), mass.grams) == (text, grams)


@pytest.mark.parametrize("number", [b"", b".5", b"1,5", b"1.2.3", b"1e3", b"x", b"\xff1", b"1" * 9])
def test_what_is_no_number(number: bytes) -> None:
    assert Mass.parse(number, KG) is None


@given(st.integers(-99_999_999, 99_999_999), st.integers(0, 6), st.sampled_from(Unit))
def test_it_survives_its_own_text_and_is_at_most_half_a_gram_off(
    digits: int, decimals: int, its: Unit
) -> None:
    mass = Mass(digits, decimals, its)
    number, _, name = str(mass).partition(" ")
    assert (name, Mass.parse(number.encode(), its) or mass) == (its, mass)
    exact = Fraction(digits, 10**decimals) * GRAMS[its]
    assert abs(mass.grams - exact) <= Fraction(1, 2)
    assert mass.grams == -Mass(-digits, decimals, its).grams


def test_units() -> None:
    assert [unit(each) for each in (b"kg", b"Kg ", b" g", b"LB", b"oz")] == [KG, KG, G, LB, OZ]
    assert [unit(each) for each in (b"t ", b"", b"\xff")] == [None, None, None]
