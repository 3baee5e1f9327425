import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.wire.zvt.fields import SHAPES, Shape, length_of, read_fields, write_fields


def values() -> st.SearchStrategy[dict[int, bytes]]:
    def value(number: int) -> st.SearchStrategy[bytes]:
        shape = SHAPES[number]
        if isinstance(shape, int):
            return st.binary(min_size=shape, max_size=shape)
        return st.binary(max_size={Shape.LL: 99, Shape.LLL: 999, Shape.TLV: 700}[shape])

    numbers = st.lists(st.sampled_from(sorted(SHAPES)), unique=True, max_size=8)
    return numbers.flatmap(lambda chosen: st.fixed_dictionaries({n: value(n) for n in chosen}))


@given(fields=values())
def test_round_trip(fields: dict[int, bytes]) -> None:
    assert read_fields(write_fields(fields.items())) == (fields, 0)


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("fe0102", "an unknown number"),
        ("040000", "cut off"),
        ("22f0", "a length that is cut off"),
        ("220008", "a length without its F"),
        ("3cf0fa", "a length that is not decimal"),
        ("0605aa", "a container that is cut off"),
        ("2705", "another value for the same field"),
    ],
)
def test_reading_stops_at(rest: str, why: str) -> None:
    assert read_fields(bytes.fromhex("2700" + rest)) == ({0x27: b"\0"}, len(rest) // 2), why


def test_the_same_field_twice_is_harmless() -> None:
    assert read_fields(bytes.fromhex("27002700")) == ({0x27: b"\0"}, 0)


@pytest.mark.parametrize(("number", "size"), [(0x04, 5), (0x22, 100), (0x3C, 1000)])
def test_a_value_of_the_wrong_size_is_our_mistake(number: int, size: int) -> None:
    with pytest.raises(MisuseError) as refused:
        write_fields([(number, bytes(size))])
    assert refused.value.code == "field.unfit"


def test_variable_lengths() -> None:
    assert length_of(bytes.fromhex("f0f8")) == 8
    assert length_of(bytes.fromhex("f1f9f9")) == 199
    assert length_of(b"") == 0


@given(noise=st.binary(max_size=300))
def test_noise_is_counted(noise: bytes) -> None:
    found, unread = read_fields(noise)
    assert sum(map(len, found.values())) + unread <= len(noise)
