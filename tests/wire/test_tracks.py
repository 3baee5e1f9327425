import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.redact import luhn, redact_text
from posedge.wire.tracks import MAX_TRACK, Refused, Swipe, judge, typed_swipe

VISA = "4111111111111111"

TRACK_1 = f"%B{VISA}^DOE/JOHN^29011010000000000000000?"
TRACK_2 = f";{VISA}=29011010000000000000?"


def refused(*tracks: str) -> Refused:
    found = judge((*tracks, "", "", "")[:3])  # type: ignore[arg-type]
    assert isinstance(found, Refused), "let through"
    return found


@pytest.mark.parametrize("tracks", [(TRACK_1, TRACK_2), (TRACK_1,), ("", TRACK_2)])
def test_a_payment_card_leaves_its_brand_and_four_digits(tracks: tuple[str, ...]) -> None:
    card = refused(*tracks)
    assert (card.code, card.brand, card.last_four) == ("card.refused", "Visa", "1111")
    assert VISA[:6] not in repr(card)


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("378282246310005", "American Express"),
        ("30569309025904", "Diners Club"),
        ("3530111333300000", "JCB"),
        ("2200000000000004", "Mir"),
        ("5555555555554444", "Mastercard"),
        ("2223003122003222", "Mastercard"),
        ("6212345678901265", "UnionPay"),
        ("6011111111111117", "Discover"),
        ("6759649826438453", "Maestro"),
        ("9792000000000001", "Troy"),
        ("0000000000000000", None),
    ],
)
def test_brands(number: str, brand: str | None) -> None:
    assert refused("", f";{number}=2901?").brand == brand


@pytest.mark.parametrize(
    "tracks",
    [
        ("%b4111 1111 1111 1111^X^?",),  # amex embosses its groups onto the stripe
        ("%B^NOBODY^?",),
        ("%BJOHN^?",),
        ("", ";1234567890123=2901?"),  # no Luhn, but where a card's number stands
        ("", "", "+011234567890123456=724724?"),  # track 3, ISO/IEC 4909
        ("", f";{VISA}?"),
        (f"%MEMBER {VISA}?",),
        ("%MEMBER 4111-1111-1111-1111?",),
        (f"%00{VISA}77?",),  # inside a longer run
        ("%DEADBEEF?", "", f"\x01\x02{VISA}"),
    ],
)
def test_whatever_may_be_a_card_is_refused(tracks: tuple[str, ...]) -> None:
    assert refused(*tracks).code == "card.refused"


def test_a_damaged_card_is_a_card_all_the_same() -> None:
    assert judge((TRACK_1, "", ""), damaged=True) == refused(TRACK_1)


def test_a_loyalty_card_is_let_through_without_sentinels() -> None:
    assert judge(("%MGOLD^ROE/JANE?", ";70012345=01?", "")) == Swipe(
        ("MGOLD^ROE/JANE", "70012345=01", None)
    )
    assert judge(("", ";70012345?7", "+99?")) == Swipe((None, "70012345", "99"))
    assert "70012345" not in repr(judge(("", ";70012345?", "")))


@pytest.mark.parametrize(
    ("tracks", "code"),
    [
        (("", "", ""), "swipe.unreadable"),
        (("%" + "A" * MAX_TRACK, "", ""), "swipe.unreadable"),
        (("%?", ";?", ""), "swipe.unreadable"),
        (("%MGOLD?", ";E?", ""), "swipe.unreadable"),
        (("\x9a\x01\xfe", "", ""), "swipe.encrypted"),
    ],
)
def test_what_cannot_be_read(tracks: tuple[str, str, str], code: str) -> None:
    assert refused(*tracks).code == code
    assert judge(("", ";700?", ""), damaged=True) == refused()


@pytest.mark.parametrize(
    ("text", "tracks"),
    [
        ("%MGOLD?;700?+99?", ("MGOLD", "700", "99")),
        (";700?;99?\r", (None, "700", "99")),
        (";700?", (None, "700", None)),
    ],
)
def test_what_a_reader_types(text: str, tracks: tuple[str | None, ...]) -> None:
    assert typed_swipe(text) == Swipe(tracks)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["4006381333931", "", "%MGOLD", "x;700?", "https://a.b/?c=d;e?"])
def test_barcodes_are_no_tracks(text: str) -> None:
    assert typed_swipe(text) is None


def test_what_a_reader_types_of_a_payment_card() -> None:
    found = typed_swipe(f"{TRACK_1}{TRACK_2}")
    assert isinstance(found, Refused)
    assert found.last_four == "1111"


@given(
    st.text("0123456789", min_size=12, max_size=18),
    st.text("ABC ^=-/0123456789?;%+", max_size=20),
    st.text("ABC ^=-/0123456789?;%+", max_size=20),
)
def test_no_card_s_number_is_let_through(payload: str, before: str, behind: str) -> None:
    number = next(d for d in (payload + str(n) for n in range(10)) if luhn(d))
    text = f"{before} x{number}x {behind}"
    for found in (judge((text, "", "")), judge(("", "", text)), typed_swipe(f"%{number}?")):
        assert isinstance(found, Refused)
        assert number[:-4] not in json.dumps([found.brand, found.last_four, found.message])


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_let_through_holds_no_number(first: str, second: str, third: str) -> None:
    found = judge((first, second, third))
    if isinstance(found, Swipe):
        assert [redact_text(each or "") for each in found.tracks] == [
            each or "" for each in found.tracks
        ]
