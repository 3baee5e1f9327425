from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.model.money import Money
from posedge.wire.nexo.notation import Nexo, fields, items, money, number, read, text, write


def test_amounts_are_numbers_and_exact() -> None:
    assert write({"a": Decimal("10.99"), "b": [Decimal("0.10"), Decimal(1250).scaleb(-2)]}) == (
        '{"a":10.99,"b":[0.10,12.50]}'
    )
    assert read(b'{"a":0.1}')["a"] == Decimal("0.1")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_an_amount_survives(amount: Decimal) -> None:
    assert read(write({"a": amount}).encode())["a"] == amount


def test_everything_else_is_json_as_usual() -> None:
    value: Nexo = {"t": 'ü"\n', "n": None, "y": True, "i": 3, "l": [], "o": {}}
    assert read(write(value).encode()) == value


@given(st.binary(max_size=80))
def test_noise_is_unreadable_or_an_object(noise: bytes) -> None:
    with suppress(ProtocolError):
        assert isinstance(read(noise), dict)


@pytest.mark.parametrize(
    "data",
    [b"", b"ok", b"[1]", b'{"oops"', b'{"a":NaN}', b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
)
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        read(data)
    assert refused.value.code == "nexo.unreadable"


def test_what_is_missing_or_of_another_kind_is_empty() -> None:
    of = read(b'{"a":{"b":"c","n":3,"y":true},"l":[{"x":1},2],"s":"text"}')
    assert text(of, "a", "b") == "c"
    assert text(of, "a", "n") == "3"
    assert [text(of, *path) for path in (("a", "y"), ("a",), ("l",), ("s", "b"), ("z",))] == [
        ""
    ] * 5
    assert fields(of, "a") == {"b": "c", "n": 3, "y": True}
    assert fields(of, "s") == fields(of, "a", "b") == {}
    assert items(of, "l") == ({"x": 1},)
    assert items(of, "s") == items(of, "z") == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"12.5", Decimal("12.5")),
        (b"12", Decimal(12)),
        (b'"12.50"', Decimal("12.50")),
        (b'"x"', None),
        (b"true", None),
        (b"null", None),
        (b"1e99", None),
        (b'"Infinity"', None),
    ],
)
def test_numbers(written: bytes, expected: Decimal | None) -> None:
    assert number(read(b'{"a":' + written + b"}"), "a") == expected


def test_money_is_exact_or_none() -> None:
    assert money(Decimal("12.5"), "EUR") == Money(minor=1250, currency="EUR")
    assert money(Decimal(12), "JPY") == Money(minor=12, currency="JPY")
    assert money(Decimal("0.005"), "EUR") is None
    assert money(None, "EUR") is None
