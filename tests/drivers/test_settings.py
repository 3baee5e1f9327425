import pytest
from pydantic import ValidationError

from posedge.drivers.settings import CodesSettings, ShopRule
from posedge.model.money import Money
from posedge.wire.embedded import read_embedded
from posedge.wire.gs1 import read_code
from posedge.wire.restricted import REGIONS

OWN = {"prefix": "21", "item_digits": 4, "value_digits": 6, "kind": "price", "decimals": 2}


def test_the_shop_s_rule_and_its_region_s_currency() -> None:
    codes = CodesSettings.model_validate({"region": "it", "rules": [OWN]})
    found = read_embedded(read_code("2112340019999"), codes.reading)
    assert found is not None
    assert (found.item, found.rule) == ("1234", "shop:21")
    assert found.price == Money(minor=1999, currency="EUR")


def test_nothing_is_set_and_nothing_is_read() -> None:
    assert CodesSettings().reading.rules == ()


def test_its_own_currency_wins() -> None:
    codes = CodesSettings(region="de", currency="CHF")
    assert codes.reading.currency == "CHF"
    assert codes.reading.rules == REGIONS["de"].rules


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_region_can_be_set(region: str) -> None:
    assert CodesSettings.model_validate({"region": region}).reading.rules


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"value_digits": 5}, "11 digits"),
        ({"prefix": "40"}, "should match pattern"),
        ({"check": "gs1", "item_digits": 3}, "4 or 5 value digits"),
        ({"kind": "count"}, "at most 0 decimals"),
    ],
)
def test_rules_that_cannot_be(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ShopRule.model_validate(OWN | change)


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ({"rules": [OWN]}, "no currency"),
        ({"rules": [OWN], "currency": "JPY"}, "more decimals than JPY"),
    ],
)
def test_prices_need_a_currency_that_can_say_them(codes: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        CodesSettings.model_validate(codes)
