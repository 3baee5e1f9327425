import pytest

from posedge.model.errors import MisuseError
from posedge.wire.gs1_elements import encode


@pytest.mark.parametrize(
    ("written", "data"),
    [
        ("(01)04006381333931", "\x1d0104006381333931"),
        ("(01)04006381333931(10)AB-1", "\x1d010400638133393110AB-1"),
        ("(10)AB-1(01)04006381333931", "\x1d10AB-1\x1d0104006381333931"),
        ("(01)04006381333931(17)261231(10)A(21)7", "\x1d01040063813339311726123110A\x1d217"),
        ("(3103)001250(10)A", "\x1d310300125010A"),
        ("(00)040063810000000017", "\x1d00040063810000000017"),
    ],
)
def test_fnc1_stands_in_front_and_behind_what_has_no_fixed_length(written: str, data: str) -> None:
    assert encode(written) == data


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("04006381333931", "is not written"),
        ("(01)04006381333931()", "is not written"),
        ("(1)04006381333931", "is not written"),
        ("(01)0400638133393", "takes 14 digits"),
        ("(17)26123A", "takes 6 digits"),
        ("(01)04006381333932", "does not check"),
    ],
)
def test_a_wrong_element_is_named(written: str, why: str) -> None:
    with pytest.raises(MisuseError, match=why):
        encode(written)
