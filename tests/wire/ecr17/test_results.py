from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.ecr17.results import PaymentResult, state_of

HEAD = "123456780"
PAID = "000************1234" + "ICC" + "AB1234" + "2111520"
COMMON = "2" + "00000000042" + "000231" + "000777"
PLAIN = f"{HEAD}E00{PAID}{COMMON}"
EXTENDED = f"{PLAIN}000" + "00001250" + "0" * 10
REVERSED = f"{PLAIN}000" + "0" * 10
EXCHANGED = f"{HEAD}V00{PAID}{COMMON}00000001250100012345USD0000000014002" + "0" * 10
DENIED = f"{HEAD}E01" + f"{'CARTA RIFIUTATA':24}" + "0" * 11 + COMMON
RESERVED = (
    f"{HEAD}e00" + "000************1234" + "CLI" + "AB1234" + "00001250" + "000000231" + "000"
    + "2111520" + "0000" + "00000000042" + "000231" + "000777" + "0" * 12
)  # fmt: skip
CLOSED = f"{HEAD}c00{PAID}{COMMON}000"


def read(text: str) -> PaymentResult:
    return PaymentResult.from_bytes(text.encode())


def test_a_plain_payment() -> None:
    said = read(PLAIN)
    assert len(PLAIN) == 71
    assert (said.terminal_id, said.code, said.result) == ("12345678", "E", "00")
    assert (said.stan, said.amount_minor, said.time) == ("000231", None, "2111520")
    assert (said.entry, said.auth_code, said.card_type) == ("ICC", "AB1234", "2")
    assert (said.acquirer, said.pan_last4) == ("00000000042", "1234")


@pytest.mark.parametrize(
    ("text", "size", "minor"),
    [(EXTENDED, 92, 1250), (EXCHANGED, 117, 1250), (REVERSED, 84, None), (CLOSED, 74, None)],
)
def test_amounts_where_they_are_named(text: str, size: int, minor: int | None) -> None:
    assert len(text) == size
    assert read(text).amount_minor == minor
    assert read(text).action == "000"


def test_a_no_and_its_reason() -> None:
    said = read(DENIED)
    assert (said.result, said.text, said.stan) == ("01", "CARTA RIFIUTATA", "000231")
    assert (said.time, said.pan_last4) == ("", "")


def test_a_reservation() -> None:
    said = read(RESERVED)
    assert len(RESERVED) == 106
    assert (said.amount_minor, said.reservation, said.stan) == (1250, "000000231", "000231")
    assert (said.time, said.action) == ("2111520", "000")


@pytest.mark.parametrize(
    ("pan", "kept"),
    [
        ("0005413330089011234", ("1234", True)),
        ("000541333******1234", ("1234", False)),
        ("000************1234", ("1234", False)),
        ("0000000000000001234", ("1234", False)),
        ("0000000000000000000", ("", False)),
    ],
)
def test_card_numbers_end_here(pan: str, kept: tuple[str, bool]) -> None:
    said = read(f"{HEAD}E00{pan}{PAID[19:]}{COMMON}")
    assert (said.pan_last4, said.pan_unmasked) == kept
    assert "541333" not in repr(said)


@pytest.mark.parametrize("text", [EXTENDED, DENIED, RESERVED, CLOSED])
def test_a_terminal_says_it_so_that_it_is_understood(text: str) -> None:
    said = read(text)
    assert PaymentResult.from_bytes(said.to_bytes()) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        f"{HEAD}S00",
        f"{HEAD}E77{PAID}{COMMON}",
        PLAIN[:60],
        PLAIN.replace("000231", "00x231"),
    ],
)
def test_what_is_no_result(text: str) -> None:
    with pytest.raises(ProtocolError) as unreadable:
        read(text)
    assert unreadable.value.code == "ecr.unreadable"


@given(st.binary(max_size=120))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    for ask in (PaymentResult.from_bytes, state_of):
        with suppress(ProtocolError):
            assert ask(noise)


def test_the_state() -> None:
    assert state_of(b"123456780s0000000000231126120021.02.03 ") == "2"
    with pytest.raises(ProtocolError):
        state_of(b"123456780s00000000002311261200")
    with pytest.raises(ProtocolError):
        state_of(PLAIN.encode())
