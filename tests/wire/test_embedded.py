import biip.checksums
import pytest
from biip.gtin import Gtin
from biip.rcn import Rcn, RcnRegion
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.events import Element, Embedded
from posedge.model.money import Money
from posedge.wire.embedded import Reading, from_elements, read_embedded, verifier_digit
from posedge.wire.gs1 import read_code
from posedge.wire.restricted import REGIONS, Measure, Shape, rule


def checked(body: str) -> str:
    return body + str(biip.checksums.gs1_standard_check_digit(body))


def shop(region: str) -> Reading:
    return Reading(REGIONS[region].rules, REGIONS[region].currency)


def embedded(sent: str, reading: Reading) -> Embedded | None:
    return read_embedded(read_code(sent), reading)


def weight(item: str, rule: str, weight_g: int) -> Embedded:
    return Embedded(item=item, rule=rule, weight_g=weight_g)


def price(item: str, rule: str, minor: int, currency: str) -> Embedded:
    return Embedded(item=item, rule=rule, price=Money(minor=minor, currency=currency))


@pytest.mark.parametrize("region", ["no", "se", "fi"])
def test_one_code_is_a_weight_in_the_north(region: str) -> None:
    assert embedded("2388060112344", shop(region)) == weight("880601", f"{region}:23", 1234)


def test_and_a_price_in_germany_and_nothing_in_britain() -> None:
    assert embedded("2388060112344", shop("de")) == price("8806", "de:23", 11234, "EUR")
    assert embedded("2388060112344", shop("gb")) is None
    assert embedded("2388060112344", Reading()) is None


@pytest.mark.parametrize(
    ("body", "region", "found"),
    [
        ("211111110123", "se", price("111111", "se:21", 1230, "SEK")),
        ("221111110123", "se", price("111111", "se:22", 12300, "SEK")),
        ("241111110123", "lv", weight("111111", "lv:24", 1230)),
        ("251111110123", "lt", weight("111111", "lt:25", 12300)),
        ("261111001234", "dk", weight("1111", "dk:26", 1234)),
        ("271111101234", "dk", weight("11111", "dk:27", 1234)),
        ("231111001234", "dk", price("1111", "dk:23", 1234, "DKK")),
        ("281234511999", "gb", price("12345", "gb:28", 1999, "GBP")),
        ("223456701999", "it", price("234567", "it:2", 1999, "EUR")),
        ("201234501999", "it", None),  # the chain's own
    ],
)
def test_regions(body: str, region: str, found: Embedded | None) -> None:
    assert embedded(checked(body), shop(region)) == found


def test_an_american_random_weight_label_has_a_verifier() -> None:
    verifier = verifier_digit("0599")
    twelve = checked(f"212345{verifier}0599")
    found = price("12345", "us:02", 599, "USD")
    assert embedded(twelve, shop("us")) == found
    assert embedded(f"]E00{twelve}", shop("us")) == found


def test_a_wrong_verifier_is_told_and_not_guessed() -> None:
    wrong = str((int(verifier_digit("01234") or 0) + 1) % 10)
    found = embedded(checked(f"281234{wrong}01234"), shop("de"))
    assert found is not None
    assert (found.item, found.code) == ("1234", "verifier.wrong")
    assert (found.weight_g, found.price, found.count) == (None, None, None)
    assert "scan again" in (found.message or "")


def test_only_what_is_an_ean_with_a_true_check_digit() -> None:
    assert embedded("2388060112345", shop("se")) is None
    assert embedded("]C02388060112344", shop("se")) is None
    assert embedded("]E02388060112344", shop("se")) is not None
    assert embedded("4006381333931", shop("se")) is None


def test_the_shop_s_rules_come_first() -> None:
    own = rule("shop:23", "23", Shape(5, 4, "unread"), Measure.COUNT, 0)
    reading = Reading((own, *REGIONS["se"].rules), "SEK")
    assert embedded("2388060112344", reading) == Embedded(item="88060", rule="shop:23", count=1234)


def test_a_price_without_a_currency_or_finer_than_it_is_told() -> None:
    dear = rule("shop:21", "21", Shape(6, 4), Measure.PRICE, 3)
    code = checked("210000010005")
    for currency, why in ((None, "currency.unknown"), ("EUR", "decimals.lost")):
        found = embedded(code, Reading((dear,), currency))
        assert found is not None
        assert (found.code, found.price) == (why, None)
    assert embedded(checked("210000011230"), Reading((dear,), "EUR")) == price(
        "000001", "shop:21", 123, "EUR"
    )


@given(st.from_regex(r"2[0-9]{11}", fullmatch=True), st.sampled_from(["dk", "de", "gb", "se"]))
def test_agrees_with_biip(body: str, region: str) -> None:
    code = checked(body)
    plain = biip.ParseConfig(rcn_region=RcnRegion(region), rcn_verify_variable_measure=False)
    theirs = Gtin.parse(code, config=plain)
    assert isinstance(theirs, Rcn)
    ours = embedded(code, shop(region))
    measured = (theirs.weight, theirs.price, theirs.count) != (None, None, None)
    if (region, body[:2]) == ("gb", "28"):  # it knows only 20, the other of GS1 UK's two
        assert not measured
        return
    assert (ours is not None) == measured
    if ours is not None and ours.code is None:
        assert ours.item == theirs.item_reference
        assert ours.weight_g == (None if theirs.weight is None else theirs.weight * 1000)
        assert (ours.price and ours.price.decimal) == theirs.price
        assert ours.count == theirs.count
        biip.parse(code, config=biip.ParseConfig(rcn_region=RcnRegion(region)))


@given(st.from_regex(r"[0-9]{4,5}", fullmatch=True))
def test_verifier_agrees_with_biip(value: str) -> None:
    assert verifier_digit(value) == str(biip.checksums.gs1_price_weight_check_digit(value))


def test_the_specification_s_verifier_digits() -> None:
    assert verifier_digit("2875") == "9"  # GS1 GenSpecs 7.9.3
    assert verifier_digit("14685") == "6"  # GS1 GenSpecs 7.9.4
    assert verifier_digit("123") is None


ARTICLE = "0199521234000016"


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("3103000500", {"rule": "gs1:3103", "weight_g": 500}),
        ("3101000005", {"rule": "gs1:3101", "weight_g": 500}),
        ("3104005000", {"rule": "gs1:3104", "weight_g": 500}),
        ("3922599", {"rule": "gs1:3922", "price": Money(minor=599, currency="EUR")}),
        ("39327560599", {"rule": "gs1:3932", "price": Money(minor=599, currency="CHF")}),
        ("30012", {"rule": "gs1:30", "count": 12}),
        (
            "31030005003922599",
            {
                "rule": "gs1:3103+3922",
                "weight_g": 500,
                "price": Money(minor=599, currency="EUR"),
            },
        ),
    ],
)
def test_variable_measure_items(message: str, found: dict[str, object]) -> None:
    read = embedded(f"]C1{ARTICLE}{message}", Reading(currency="EUR"))
    assert read == Embedded.model_validate({"item": "99521234000016", **found})


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("3105000501", "decimals.lost"),
        ("3922599", "currency.unknown"),
        ("39320010599", "currency.unknown"),
        ("31030005003102000060", "elements.contradictory"),
    ],
)
def test_what_is_not_believed(message: str, code: str) -> None:
    read = embedded(f"]C1{ARTICLE}{message}", Reading())
    assert read is not None
    assert (read.code, read.weight_g, read.price) == (code, None, None)


def test_a_measure_of_no_article_is_none() -> None:
    assert embedded("]C13103000500", Reading()) is None
    assert embedded("]C101995212340000173103000500", Reading()) is None
    assert embedded(f"]C1{ARTICLE}10LOT7", Reading()) is None
    twice = (Element(ai="01", value=ARTICLE[2:]), *(Element(ai="30", value="2"),) * 2)
    assert from_elements(twice, None) == Embedded(item=ARTICLE[2:], rule="gs1:30", count=2)
