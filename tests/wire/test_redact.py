import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.redact import luhn, redact, redact_text

VISA = "4111111111111111"
AMEX = "378282246310005"
MASTERCARD = "5555555555554444"
MAESTRO_19 = "6304000000000000000"
NUMBERS = [VISA, AMEX, MASTERCARD, "30569309025904", "3530111333300000", "2223003122003222"]


def card(length: int, seed: int) -> str:
    body = "4" + "".join(random.Random(seed).choices("0123456789", k=length - 2))
    return next(body + check for check in "0123456789" if luhn(body + check))


@pytest.mark.parametrize("number", NUMBERS)
def test_published_test_numbers_hold_the_check(number: str) -> None:
    assert luhn(number)
    assert not luhn(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("frame", ["{}", ";{}=25121010000?", "PAN {}, paid", "\x02{}\x03"])
def test_plain_numbers_keep_their_last_four(number: str, frame: str) -> None:
    masked = "*" * (len(number) - 4) + number[-4:]
    assert redact_text(frame.format(number)) == frame.format(masked)
    assert redact(frame.format(number).encode()) == frame.format(masked).encode()


def test_groups_by_blank_or_hyphen() -> None:
    assert redact_text("4111 1111 1111 1111") == "**** **** **** 1111"
    assert redact_text("4111-1111-1111-1111") == "****-****-****-1111"


def test_every_scheme_number_inside_a_longer_run() -> None:
    for number in NUMBERS:
        run = "9" * 10 + number + "9" * 10
        assert "*" * (len(number) - 4) in redact_text(run)


def test_hex_of_ascii() -> None:
    text = ("<" + VISA + ">").encode().hex()
    assert bytes.fromhex(redact_text(text)) == b"<************1111>"


@pytest.mark.parametrize("lead", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("around", [b"", b"a", b"ab", b"abc"])
def test_base64(lead: str, around: bytes) -> None:
    token = base64.b64encode(around + VISA.encode() + around).decode()
    masked = redact_text(lead + token)
    assert len(masked) == len(lead + token)
    assert base64.b64decode(masked[len(lead) :]) == around + b"************1111" + around


def test_base64_without_a_card_is_left_alone() -> None:
    token = base64.b64encode(b"nothing to see here, move on").decode()
    assert redact_text(token) == token


def test_packed_bcd_even_and_odd() -> None:
    assert redact(bytes.fromhex("22f0f8" + VISA + "87")) == bytes.fromhex(
        "22f0f8eeeeeeeeeeee111187"
    )
    assert redact(bytes.fromhex("5a08" + AMEX + "f")) == bytes.fromhex("5a08eeeeeeeeeee0005f")


def test_packed_track_2() -> None:
    track = bytes.fromhex(VISA + "d251210100000f")
    assert redact(b"\x57\x0b" + track).hex() == "570b" + "e" * 12 + "1111d251210100000f"


def test_a_packed_number_whose_bytes_are_letters_needs_its_length() -> None:
    assert bytes.fromhex(MASTERCARD) == b"UUUUUUDD"
    assert redact(b"\xf8UUUUUUDD") == b"\xf8" + bytes.fromhex("e" * 12 + "4444")
    assert redact(b"\nUUUUUUDD") == b"\nUUUUUUDD"


@pytest.mark.parametrize("code", ["4006381333931", "96385074", "9780201379624", "0104005808205974"])
def test_common_codes_and_texts_pass(code: str) -> None:
    assert not luhn(code)
    assert redact(code.encode() + b"\r") == code.encode() + b"\r"


def test_digits_in_ascii_are_not_taken_for_packed_ones() -> None:
    everything = b"".join(b"%06d\r\n" % number for number in range(0, 1_000_000, 997))
    assert redact(everything) == everything


@given(st.binary(max_size=200))
def test_noise_keeps_its_length(data: bytes) -> None:
    assert len(redact(data)) == len(data)


@given(st.text(max_size=100))
def test_text_keeps_its_length(text: str) -> None:
    assert len(redact_text(text)) == len(text)


@given(st.integers(13, 19), st.integers(0, 10_000), st.binary(max_size=20), st.binary(max_size=20))
def test_no_number_survives_between_any_bytes(
    length: int, seed: int, before: bytes, after: bytes
) -> None:
    number = card(length, seed).encode()
    framed = before + b"<" + number + b">" + after
    assert number not in redact(framed)


@given(st.binary(max_size=200))
def test_masking_twice_changes_no_more(data: bytes) -> None:
    once = redact(data)
    assert redact(once) == once


def test_nineteen_digits() -> None:
    number = card(19, 1)
    assert redact_text(number) == "*" * 15 + number[-4:]
    embedded = next(n for n in (MAESTRO_19[:-1] + c for c in "0123456789") if luhn(n))
    assert embedded not in redact_text("1" * 10 + embedded)
