import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.wire.apdu import (
    GET_UID,
    PAYMENT_RIDS,
    Answer,
    is_payment,
    payment_questions,
    permit,
    prefixes,
    uid,
)

ANYTHING = (b"",)
MEMORY_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


def refused(command: str, allowed: tuple[bytes, ...] = ANYTHING) -> str:
    with pytest.raises(MisuseError) as caught:
        permit(bytes.fromhex(command), allowed)
    assert caught.value.code == "apdu.refused"
    return caught.value.message


@pytest.mark.parametrize(
    "command",
    [
        "00A4040007A0000000031010",
        "00A4040007A000000003101000",
        "00A4040007A0000000041010",
        "01A4040007A0000000041010",
        "00A404020AA0000003591010028001",
        "00A404000E325041592E5359532E4444463031",
        "00A404000E315041592E5359532E4444463031",
        "00A4040003A00000",
        "00A40400",
        "00A4040000",
        "00B2010C00",
        "80A8000002830000",
        "80AE800000",
        "80CA9F1700",
        "0020008008241234FFFFFFFFFF",
        "FF00480000",
        "FFCA000000",
    ],
)
def test_what_payments_need_is_refused_whatever_is_allowed(command: str) -> None:
    assert "allow" not in refused(command)


@pytest.mark.parametrize(
    "command",
    ["", "00A404", "00A40400000007A0000000031010", "00B00000050102", "00D600000201020304"],
)
def test_what_is_no_short_command_is_refused(command: str) -> None:
    assert "short" in refused(command)


@pytest.mark.parametrize(
    "command",
    ["00A40400 06 F00102030405 00", "00A4000C 02 3F00", "00B00000", "00B0000010", "00CA006600"],
)
def test_what_is_allowed_passes(command: str) -> None:
    permit(bytes.fromhex(command), prefixes("00A4 00B0 00CA"))
    assert "option `allow`" in refused(command, ())
    assert "option `allow`" in refused(command, prefixes("80B0"))


@given(st.sampled_from(PAYMENT_RIDS), st.binary(max_size=11), st.integers(0, 0x7F))
def test_no_name_of_a_scheme_passes(rid: bytes, rest: bytes, cla: int) -> None:
    name = rid + rest
    refused(bytes([cla, 0xA4, 4, 0, len(name), *name]).hex())


def test_prefixes() -> None:
    assert prefixes("00A40400F0  80b0") == (b"\x00\xa4\x04\x00\xf0", b"\x80\xb0")
    assert prefixes("") == ()
    for wrong in ("00", "0", "xyz", "00A4 8"):
        with pytest.raises(ValueError, match=r"hex"):
            prefixes(wrong)


def test_answers() -> None:
    answer = Answer.from_bytes(bytes.fromhex("04A1B2C39000"))
    assert (uid(answer), answer.good) == ("04A1B2C3", True)
    assert uid(Answer.from_bytes(b"\x6a\x81")) is None
    assert uid(Answer.from_bytes(b"\x90\x00")) is None
    assert GET_UID == b"\xff\xca\0\0\0"


def test_a_payment_card_lets_itself_be_selected() -> None:
    taken = [b"\x6f\x00\x90\x00", b"\x61\x20", b"\x62\x83"]
    refusing = [b"\x6a\x82", b"\x6d\x00", b"\x6e\x00", b"\x91\x1c", b""]
    assert all(is_payment(Answer.from_bytes(each)) for each in taken)
    assert not any(is_payment(Answer.from_bytes(each)) for each in refusing)
    assert payment_questions(MEMORY_ATR) == ()
    first, second, *others = payment_questions(b"\x3b\x80\x80\x01\x01")
    assert first == b"\x00\xa4\x04\x00\x0e2PAY.SYS.DDF01\x00"
    assert second == b"\x00\xa4\x04\x00\x0e1PAY.SYS.DDF01\x00"
    assert len(others) == len(PAYMENT_RIDS)
