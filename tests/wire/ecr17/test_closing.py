"""The end of a session, as the portal's table has it (Close session)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.ecr17.closing import Closing

DONE = b"123456780C00" + b"0000000000000650" + b"0000000000000700"
REFUSED = b"123456780C01" + b"HOST NON RAGGIUNTO " + b"091" + b"0000000000"


def test_totals_stand_where_the_portal_says() -> None:
    closing = Closing.from_bytes(DONE)
    assert closing == Closing("12345678", "00", 650, 700)
    assert (closing.to_bytes(), len(DONE)) == (DONE, 44)


def test_a_refusal_says_why() -> None:
    closing = Closing.from_bytes(REFUSED)
    assert closing == Closing("12345678", "01", text="HOST NON RAGGIUNTO", action="091")
    assert (closing.to_bytes(), len(REFUSED)) == (REFUSED, 44)


@pytest.mark.parametrize("host", [b"", b"000", b" " * 16])
def test_a_host_without_a_total_is_none(host: bytes) -> None:
    assert Closing.from_bytes(DONE[:28] + host).host_minor is None


def test_no_total_of_the_host_is_written_as_none() -> None:
    closing = Closing("12345678", "00", 650)
    assert Closing.from_bytes(closing.to_bytes()) == closing


@pytest.mark.parametrize(
    "payload",
    [b"", DONE[:27], DONE.replace(b"C", b"T"), b"123456780C02" + DONE[12:], DONE[:27] + b"x"],
)
def test_what_is_no_end_of_a_session(payload: bytes) -> None:
    with pytest.raises(ProtocolError) as unreadable:
        Closing.from_bytes(payload)
    assert unreadable.value.code == "ecr.unreadable"


@given(st.binary(max_size=60))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    try:
        Closing.from_bytes(b"123456780C00" + noise)
    except ProtocolError as error:
        assert error.code == "ecr.unreadable"  # noqa: PT017 - noise may also be readable
