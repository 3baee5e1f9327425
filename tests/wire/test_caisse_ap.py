from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.caisse_ap import (
    MAX_BYTES,
    Action,
    Answer,
    Decoder,
    Fields,
    Request,
    Tag,
    message,
)

F01 = bytes.fromhex(
    "435a30303430333030434a303132303132333435363738393031434130303230314342303038303030303132333443"
    "443030313043453030333937384241303031" + "30"
)
"""A debit of 12.34 EUR that asks for the answer at its end, as public clients send it."""

REQUEST = Request("01", 1234, Action.DEBIT, 978)
APPROVED = message(
    {
        Tag.VERSION: "0300",
        Tag.TILL: "01",
        Tag.AMOUNT: "1234",
        Tag.ACTION: "0",
        Tag.CURRENCY: "978",
        Tag.ACTION_STATUS: "10",
        Tag.PAYMENT_MODE: "00B",
        Tag.AUTHORISATION: "123456",
        Tag.PAN: "497010######1234",
        Tag.CONTRACT: "424242",
    }
)


def whole(data: bytes, *sizes: int) -> Fields | None:
    decoder = Decoder()
    for size in sizes:
        decoder.feed(data[:size])
        data = data[size:]
        assert decoder.pull() is None
    decoder.feed(data)
    assert decoder.pull() is None
    return decoder.rest()


def test_a_request_as_others_send_it() -> None:
    asked = whole(F01)
    ours = whole(REQUEST.to_bytes())
    assert asked is not None
    assert ours is not None
    assert {**asked, Tag.AMOUNT: "1234"} == dict(ours)
    assert int(asked[Tag.AMOUNT]) == 1234
    assert REQUEST.to_bytes().startswith(b"CZ0040300CJ012012345678901CA00201CB0041234CD0010")


def test_small_amounts_have_two_digits() -> None:
    assert b"CB00207" in Request("01", 7, Action.CREDIT, 978).to_bytes()


def test_an_answer() -> None:
    fields = whole(APPROVED)
    assert fields is not None
    answer = Answer.of(fields)
    assert answer is not None
    assert (answer.status, answer.authorisation, answer.payment_mode) == ("10", "123456", "00B")
    assert (answer.pan_last4, answer.pan_unmasked) == ("1234", False)
    assert answer.answers(REQUEST)
    assert not answer.answers(Request("02", 1234, Action.DEBIT, 978))
    assert not answer.answers(Request("01", 1235, Action.DEBIT, 978))
    assert not answer.answers(Request("01", 1234, Action.CREDIT, 978))
    assert not answer.answers(Request("01", 1234, Action.DEBIT, 756))


@given(st.lists(st.integers(0, 40)))
def test_in_any_pieces(sizes: list[int]) -> None:
    assert whole(APPROVED, *sizes) == whole(APPROVED)


def test_byte_by_byte_it_is_whole_at_the_ends_of_fields_only() -> None:
    decoder = Decoder()
    wholes = 0
    for byte in APPROVED:
        decoder.feed(bytes([byte]))
        assert decoder.pull() is None
        wholes += decoder.rest() is not None
    assert wholes == 10


def test_the_next_message_ends_the_one_before() -> None:
    decoder = Decoder()
    decoder.feed(APPROVED + APPROVED)
    assert decoder.pull() == whole(APPROVED)
    assert decoder.pull() is None
    assert decoder.rest() == whole(APPROVED)
    assert repr(decoder) == "<Decoder 10 fields>"


@pytest.mark.parametrize(
    "noise",
    [
        b"HTTP/1.1 400 Bad Request",
        b"\x02\x03",
        b"CA00201",
        b"CZ00x",
        b"CZ0040300AE00210AE00201",
        b"C\xc9004",
        b"CZ0\xb24",
        b"CZ004" + b"0300" + b"AA999" + b"1" * 999 + b"AB999" + b"1" * 999 + b"AC999" + b"1" * 999
        + b"AD999" + b"1" * 999 + b"AF999",
    ],
)  # fmt: skip
def test_what_is_no_message(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    with pytest.raises(ProtocolError) as first:
        decoder.pull()
    decoder.feed(APPROVED)
    for ask in (decoder.pull, decoder.rest):
        with pytest.raises(ProtocolError) as again:
            ask()
        assert again.value is first.value
    assert first.value.code == "caisse.unreadable"


@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    decoder = Decoder()
    fed = 0
    with suppress(ProtocolError):
        for fed in range(len(noise)):
            decoder.feed(noise[fed : fed + 1])
            while (fields := decoder.pull()) is not None:
                Answer.of(fields)
            Answer.of(decoder.rest() or {})
    assert fed <= len(noise)


def test_a_chattering_line_is_bounded() -> None:
    decoder = Decoder()
    decoder.feed(b"CZ0040300")
    for _ in range(MAX_BYTES // 6 - 1):
        decoder.feed(b"AA0011")
        assert decoder.pull() is None
    decoder.feed(b"AA0011" * 2)
    with pytest.raises(ProtocolError):
        decoder.pull()


@pytest.mark.parametrize("amount", ["12,34", "1234567890123", ""])
def test_an_amount_that_is_none(amount: str) -> None:
    with pytest.raises(ProtocolError):
        Answer.of({Tag.ACTION_STATUS: "10", Tag.AMOUNT: amount})


def test_what_is_missing_is_nothing() -> None:
    answer = Answer.of({Tag.ACTION_STATUS: "01"})
    assert answer == Answer("01")
    assert not answer.answers(REQUEST)


@pytest.mark.parametrize(
    ("field", "detail", "said"),
    [
        ("04", "04", ""),
        ("0414CARTE REFUSEE        " + "    ", "04", "CARTE REFUSEE"),
        ("04  " + " " * 25, "04", ""),
        ("0457DO NOT HONOUR        0001", "04", "DO NOT HONOUR"),
        ("REFUS", "", "REFUS"),
        ("4", "4", ""),
        ("0414 4111111111111111", "04", "************1111"),
    ],
)
def test_why_not_with_the_words_of_the_host(field: str, detail: str, said: str) -> None:
    answer = Answer.of({Tag.ACTION_STATUS: "01", Tag.STATUS_DETAIL: field})
    assert answer is not None
    assert (answer.detail, answer.said) == (detail, said)


def test_a_refusal_need_not_repeat_the_request_and_must_not_contradict_it() -> None:
    assert not Answer("01").contradicts(REQUEST)
    assert not Answer("01", till="01", amount_minor=1234, action="0", currency=978).contradicts(
        REQUEST
    )
    for other in (
        Answer("01", till="02"),
        Answer("01", amount_minor=1235),
        Answer("01", amount_minor=0),
        Answer("01", action="1"),
        Answer("01", currency=756),
    ):
        assert other.contradicts(REQUEST)


def test_line_ends_between_fields_and_letters_beyond_ascii() -> None:
    said = b"\r\nCZ0040320\r\nAE00201\nAF0060414\xc9\xc9\r\n"
    assert whole(said) == {"CZ": "0320", "AE": "01", "AF": "0414\ufffd\ufffd"}
    assert whole(said, *[1] * (len(said) - 1)) == whole(said)


def test_fields_within_a_field_stay_where_they_are() -> None:
    """A receipt comes as ZT, which holds CK and AK; the request's CK may stand beside it."""
    inner = b"CK003100AK008VElDS0VU"
    said = b"CZ0040320CK003000ZT%03d%bAE00210" % (len(inner), inner)
    assert whole(said) == {"CZ": "0320", "CK": "000", "ZT": inner.decode(), "AE": "10"}


def test_without_a_status_it_is_no_answer() -> None:
    assert Answer.of({Tag.VERSION: "0300"}) is None
