"""Vectors: EVerest/zvt captures (Apache-2.0), and PA00P015 13.08 §5.1 where it says so."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.zvt.apdu import Apdu, ApduDecoder
from posedge.wire.zvt.decode import from_register, from_terminal
from posedge.wire.zvt.money import (
    ALL_OPEN,
    Authorisation,
    BookTotal,
    MoneyCommand,
    PartialReversal,
    PreAuthorisation,
    PreAuthReversal,
    Refund,
    Reversal,
)
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort
from posedge.wire.zvt.totals import SCHEMES, Total, Totals, read_totals, write_totals

PASSWORD = "123456"


def frame(text: str) -> Apdu:
    decoder = ApduDecoder()
    decoder.feed(bytes.fromhex(text))
    apdu = decoder.pull()
    assert apdu is not None
    return apdu


@pytest.mark.parametrize(
    ("message", "bytes_"),
    [
        (Authorisation(1250, 978, 0x40), "06010c040000000012504909781940"),
        (
            Authorisation(1250, 978, 0x48, tip_minor=100, cashback_minor=50, partial=True),
            "06012404000000001250490978194806161f36060000000001001f25060000000000501f700101",
        ),
        (Reversal(PASSWORD, "0231", 1250, 978), "06301012345687023104000000001250490978"),
        (Reversal(PASSWORD, "0231"), "063006123456870231"),
        (Refund(PASSWORD, 1250, 978), "06310d12345604000000001250490978"),
        (PreAuthorisation(2500, 978, 0x40), "06220c194004000000002500490978"),
        (PreAuthReversal("0231", None, 978, 0x40), "0625081940870231490978"),  # A07
        (PartialReversal(ALL_OPEN), "06230387ffff"),  # A39
        (PartialReversal("0231", 700, 978, 0x40), "06230f194087023104000000000700490978"),
        (BookTotal("0231", 1800, 978, 0x40), "06240f194087023104000000001800490978"),
    ],
)
def test_commands_as_the_specification_lays_them_out(message: MoneyCommand, bytes_: str) -> None:
    encoded = message.to_apdu().to_bytes().hex()
    assert encoded == bytes_
    assert from_register(frame(encoded)) == message


def test_a_captured_reservation_with_a_reference_of_its_own() -> None:
    captured = "06221e1940490978040000000025000610e90e1f620241431f6306333834484832"  # A03
    assert from_register(frame(captured)) == PreAuthorisation(2500, 978, 0x40)


AMOUNTS = st.none() | st.integers(0, 999_999_999_999)
PARTS = st.none() | st.integers(1, 999_999_999_999)
CURRENCIES = st.none() | st.integers(0, 999)
SECRETS = st.from_regex(r"[0-9]{6}", fullmatch=True)
BYTES = st.none() | st.integers(0, 255)
NUMBERS = st.from_regex(r"[0-9]{4}", fullmatch=True)
MESSAGES = st.one_of(
    st.builds(Authorisation, AMOUNTS, CURRENCIES, BYTES, PARTS, PARTS, st.booleans()),
    st.builds(Reversal, SECRETS, NUMBERS, AMOUNTS, CURRENCIES),
    st.builds(Refund, SECRETS, AMOUNTS, CURRENCIES),
    st.builds(PreAuthorisation, AMOUNTS, CURRENCIES, BYTES),
    *(
        st.builds(kind, NUMBERS, AMOUNTS, CURRENCIES, BYTES)
        for kind in (PartialReversal, BookTotal, PreAuthReversal)
    ),
)


@given(message=MESSAGES)
def test_round_trip(message: MoneyCommand) -> None:
    assert from_register(frame(message.to_apdu().to_bytes().hex())) == message


@given(
    command=st.sampled_from([0x0601, 0x0622, 0x0623, 0x0624, 0x0625, 0x0630, 0x0631]),
    data=st.binary(max_size=80),
)
def test_noise_raises_nothing_but_protocol_error(command: int, data: bytes) -> None:
    with suppress(ProtocolError):
        assert from_register(Apdu(command, data)) is not None


def test_passwords_stay_out_of_repr() -> None:
    for message in (Refund(PASSWORD, 1), Reversal(PASSWORD, "0001")):
        assert PASSWORD not in repr(message)


DAY = Totals("0001", "0017", (Total("girocard", 3, 4250), Total("Visa", 1, 1999)))


def test_totals_of_an_end_of_day() -> None:
    told = StatusInformation(result=0, amount_minor=6249, totals=DAY)
    back = from_terminal(told.to_apdu())
    assert isinstance(back, StatusInformation)
    assert back.totals is not None
    assert (back.totals.first_receipt, back.totals.last_receipt) == ("0001", "0017")
    assert [total for total in back.totals.schemes if total.count] == list(DAY.schemes)
    assert tuple(total.scheme for total in back.totals.schemes) == SCHEMES


def test_totals_of_a_terminal_that_knows_more_or_fewer_schemes() -> None:
    more = write_totals(DAY) + bytes([2]) + bytes.fromhex("000000000500")
    read = read_totals(more)
    assert read is not None
    assert read.schemes[-1] == Total("scheme 8", 2, 500)
    assert read_totals(bytes.fromhex("00010017")) == Totals("0001", "0017", ())


@pytest.mark.parametrize("broken", ["", "000100", "0001001701", "0001001701ffffffffffff"])
def test_totals_that_are_not_whole_are_none(broken: str) -> None:
    assert read_totals(bytes.fromhex(broken)) is None


@given(data=st.binary(max_size=99))
def test_totals_from_noise_raise_nothing(data: bytes) -> None:
    read = read_totals(data)
    assert read is None or len(read.schemes) == (len(data) - 4) // 7


@pytest.mark.parametrize(
    ("bytes_", "message"),
    [
        ("061e04b887ffff", Abort(0xB8, "ffff")),  # A14
        ("061e04b8870123", Abort(0xB8, "0123")),
        ("061e0db8060a23080802012308024567", Abort(0xB8, "", ("0123", "4567"))),
    ],
)
def test_what_is_still_reserved(bytes_: str, message: Abort) -> None:
    assert from_terminal(frame(bytes_)) == message
    assert message.to_apdu().to_bytes().hex() == bytes_
