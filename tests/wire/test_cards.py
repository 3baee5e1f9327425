import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posedge.wire.cards import ISSUED, refusal
from posedge.wire.gtin import holds_check_digit
from posedge.wire.keys import Keyboard, LayoutName, layout
from posedge.wire.learn import NAMES
from posedge.wire.redact import luhn
from tests.doubles.wedge import keys

VISA = "4111111111111111"
TEST_CARDS = (
    VISA,
    "4222222222222",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "3056930009020004",
    "6011111111111117",
    "6205500000000000004",
    "3566002020360505",
    "2200000000000053",
    "6759649826438453",
    "5019717010103742",
)
"""Test numbers that the schemes and acquirers publish."""


@pytest.mark.parametrize("card", TEST_CARDS)
def test_a_bare_card_number_is_refused_and_only_its_end_is_said(card: str) -> None:
    assert luhn(card)
    refused = refusal(card)
    assert refused is not None
    assert refused.last_four == card[-4:]
    assert card[-5:] not in repr(refused)


@pytest.mark.parametrize(
    "sent",
    [
        f"%B{VISA}^DOE/JOHN^25121010000000000000?",
        f";{VISA}=25121010000000000000?",
        f"%B{VISA}^DOE/JOHN^2512101?;{VISA}=2512101?",
        "%B3782 822463 10005^DOE/JOHN^2512101?",
        f"%b{VISA}^doe/john^2512101?",
        f"]Q1%B{VISA}^DOE/JOHN^2512101?",
        f"]C1;{VISA}=2512101?",
        ";1234567890123=2512",
        f"+01{VISA}=724724100000000000030300XXXX040400099010=************************==1=100000000000000000**?",
        "%B^",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        f"ö{VISA}+25121010000000000000_",
        f"PAN:{VISA};",
    ],
)
def test_tracks_and_cards_in_other_text_are_refused(sent: str) -> None:
    refused = refusal(sent)
    assert refused is not None
    assert sum(character.isdigit() for character in repr(refused)) <= 4


@pytest.mark.parametrize(
    "sent",
    [
        "4006381333931",
        "]E04006381333931",
        "14006381333938",
        "96385074",
        "340123450000000018",  # SSCC without its AI
        "00340123450000000018",
        "]C100340123450000000018",
        "490154203237518",  # IMEI
        "356938035643809",  # IMEI
        "8944500102198304826",  # ICCID
        "9789780201379624",
        f"]C0{VISA}",  # a gift card: only a barcode reader sends an AIM identifier
        f"\x1d91{VISA}",
        "411111111111111",
        "41111111111111111111",
        "4111111111111112",
        "https://shop.example/p/12345",
        "",
    ],
)
def test_barcodes_pass(sent: str) -> None:
    assert refusal(sent) is None


@given(st.text("0123456789", min_size=12, max_size=13))
def test_an_article_number_is_never_refused(payload: str) -> None:
    digits = next(d for d in (payload + str(n) for n in range(10)) if holds_check_digit(d))
    assert refusal(digits) is None


@given(st.sampled_from(TEST_CARDS), st.text("0123456789", min_size=19, max_size=19))
def test_every_number_of_a_card_s_shape_is_refused_from_15_digits_on(card: str, tail: str) -> None:
    start = card[:4] + tail[: len(card) - 5]
    number = next(d for d in (start + str(n) for n in range(10)) if luhn(d))
    assume(len(number) >= 15 and ISSUED.fullmatch(number))
    assert refusal(number) is not None


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    assert refusal(text) is None or "payment card" in str(refusal(text))


@given(scanner=st.sampled_from(NAMES), box=st.sampled_from(NAMES), card=st.sampled_from(TEST_CARDS))
def test_no_wrong_layout_lets_a_card_pass(scanner: LayoutName, box: LayoutName, card: str) -> None:
    keyboard = Keyboard(layout(box))
    seen = "".join(keyboard.type(key) for key in keys(card, layout=layout(scanner)))
    assert refusal(seen) is not None


@pytest.mark.parametrize(
    "sent", ["(01)04006381333931(17)261231(10)A", "!!!!!!!!!!!!!!!!", "((()))"]
)
def test_signs_that_are_no_digits_in_disguise_pass(sent: str) -> None:
    assert refusal(sent) is None
