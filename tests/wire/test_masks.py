import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.caisse_ap import Tag, message
from posedge.wire.ecr17.results import PaymentResult
from posedge.wire.masks import ZVT, caisse_ap, codes, ecr17, plain, zvt


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("22f1f06799998900000200018f", "22f1f0eeeeeeeeeeeeeeee018f"),  # its check digit is wrong
        ("23f0f511112222ff", "23f0f5eeeeeeeeee"),
        ("24f0f0f3112233", "24f0f0f3eeeeee"),
        ("2df0f24242", "2df0f2eeee"),
        ("22f1f06799", "22f1f0eeee"),  # the rest comes later
        ("22f0f118", "22f0f118"),
        ("22f1f16799998900000200d20122", "22f1f1" + "ee" * 11),  # a track for a number
    ],
)
def test_a_card_field_of_zvt_is_masked_whatever_it_holds(field: str, kept: str) -> None:
    assert zvt(bytes.fromhex(field)).hex() == kept
    assert zvt(bytes.fromhex("2700" + field)).hex() == "2700" + kept


def test_a_masked_number_stays_as_the_terminal_sent_it() -> None:
    sent = bytes.fromhex("22f1f0eeeeeeeeeeeeeeee018f")
    assert zvt(sent) == sent


def test_a_number_with_a_doubled_dle_in_it_is_masked_too() -> None:
    sent = bytes.fromhex("22f1f067991010998900000200018f")
    masked = zvt(sent)
    assert b"\x67\x99" not in masked
    assert b"\x99\x89\x00" not in masked
    assert masked[-1:] == b"\x8f"


@given(data=st.binary(max_size=120))
def test_lengths_never_change(data: bytes) -> None:
    for mask in (zvt, plain, codes, ecr17, caisse_ap, ZVT.written):
        assert len(mask(data)) == len(data)


@given(data=st.binary(max_size=40), number=st.binary(min_size=6, max_size=10))
def test_no_card_field_survives(data: bytes, number: bytes) -> None:
    field = bytes([0x22, 0xF0 | len(number) // 10, 0xF0 | len(number) % 10]) + number
    after = zvt(data + field)
    assert after[-len(number) : -2] == b"\xee" * (len(number) - 2)


def test_a_cards_field_with_a_doubled_dle_in_it() -> None:
    said = bytes.fromhex("22f0f8411110101111111112180403")
    assert "4111" not in zvt(said).hex()
    assert len(zvt(said)) == len(said)


def test_what_is_no_article_is_masked_in_a_scan_too() -> None:
    assert codes(b"4006381333931") == b"4006381333931"
    assert codes(b"4111111111111") == plain(b"4111111111111")


NUMBERS = (
    "4111111111111",
    "378282246310005",
    "4111111111111111",
    "6799998900000200018",
    "6799998900000200011",  # its check digit is wrong
)


PAN_END = 1 + 31


def paid_by_ecr17(code: str) -> PaymentResult:
    return PaymentResult(code, "12345678", "00", "000042", amount_minor=1250, entry="ICC")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("code", ["E", "V", "e", "c", "v"])
def test_the_card_number_of_an_ecr17_result_is_masked_whatever_it_holds(
    number: str, code: str
) -> None:
    sent = b"\x02" + paid_by_ecr17(code).to_bytes(number) + b"\x03\x41"
    masked = b"*" * (len(number) - 4) + number[-4:].encode()
    wanted = sent.replace(number.encode(), masked)
    assert ecr17(sent)[:PAN_END] == wanted[:PAN_END]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_card_number_of_a_caisse_ap_answer_is_masked_whatever_it_holds(number: str) -> None:
    fields: dict[str, str] = {
        Tag.VERSION: "0300",
        Tag.TILL: "01",
        Tag.PAN: number,
        Tag.AUTHORISATION: "123456",
    }
    sent = message(fields)
    masked = b"*" * (len(number) - 4) + number[-4:].encode()
    assert caisse_ap(sent) == sent.replace(number.encode(), masked)
    cut = sent[: sent.index(number.encode()) + 8]  # the rest comes later
    assert caisse_ap(cut) == cut[:-8] + b"*" * 8


def test_numbers_that_terminals_masked_stay_as_they_were_sent() -> None:
    ecr = b"\x02" + paid_by_ecr17("E").to_bytes("541333******1234") + b"\x03\x41"
    caisse = message({Tag.VERSION: "0300", Tag.PAN: "497010######1234", Tag.TILL: "01"})
    assert (ecr17(ecr), caisse_ap(caisse)) == (ecr, caisse)
