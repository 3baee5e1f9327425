"""A terminal's day against the journal's: sums, lists, and everything that can be wrong."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.reconciliation import DifferenceKind, EndOfDay, Listed, SchemeTotal
from posedge.model.stamp import Stamp
from posedge.payments.comparison import (
    BACK,
    NAMED,
    TOLD,
    Booked,
    compare,
    scheme_of,
    totals_of,
)

AT = Stamp(utc_ns=0, monotonic_ns=0, boot_id="b", trusted=True)
SALE, REFUND, REVERSAL = AttemptKind.SALE, AttemptKind.REFUND, AttemptKind.REVERSAL


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def booked(
    number: int,
    minor: int,
    kind: AttemptKind = SALE,
    scheme: str = "girocard",
    currency: str = "EUR",
) -> Booked:
    money = Money(minor=minor, currency=currency)
    keys = frozenset({f"p{number}", f"key-{number}"})
    return Booked(f"p{number}", kind, money, scheme, keys, AT, f"{number:04}")


def total(scheme: str, count: int, minor: int) -> SchemeTotal:
    return SchemeTotal(scheme=scheme, count=count, amount=euros(minor))


def day(*totals: SchemeTotal, receipts: tuple[str, str] | None = None) -> EndOfDay:
    return EndOfDay(text="closed", totals=totals, receipts=receipts)


def listing(*payments: Booked) -> EndOfDay:
    lines = [
        Listed(reference=f"key-{each.id[1:]}", kind=each.kind, amount=each.amount)
        for each in payments
    ]
    return EndOfDay(text="listed", listed=tuple(lines))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("girocard", "girocard"),
        ("Eurocard", "mastercard"),
        ("Mastercard Debit", "mastercard"),
        ("Maestro", "mastercard"),
        ("VISA Electron", "visa"),
        ("V PAY", "visa"),
        ("American Express", "amex"),
        ("Diners", "diners"),
        ("JCB", "jcb"),
        ("scheme 8", "other"),
        ("", "other"),
    ],
)
def test_schemes_go_by_many_names(name: str, word: str) -> None:
    assert scheme_of(name) == word


def test_sums_that_agree() -> None:
    ours = (booked(1, 1000), booked(2, 250, scheme="V PAY"), booked(3, 300, REFUND))
    assert compare(day(total("girocard", 2, 700), total("Visa", 1, 250)), ours) == ()
    assert compare(day(), ()) == ()
    assert compare(EndOfDay(text="no totals"), ours) == ()


@pytest.mark.parametrize("count", [4, 3, 2])
def test_what_was_undone_counts_or_not(count: int) -> None:
    ours = (booked(1, 1000), booked(2, 500), booked(3, 500), booked(4, 500, REVERSAL))
    assert compare(day(total("girocard", count, 1500)), ours) == ()


@pytest.mark.parametrize("count", [5, 1])
def test_a_count_that_cannot_be_is_told_although_the_money_agrees(count: int) -> None:
    ours = (booked(1, 1000), booked(2, 500), booked(3, 500), booked(4, 500, REVERSAL))
    (found,) = compare(day(total("girocard", count, 1500)), ours)
    assert found.kind is DifferenceKind.TOTAL


def test_a_count_of_one_byte_starts_again() -> None:
    ours = [booked(number, 100) for number in range(300)]
    assert compare(day(total("girocard", 44, 30_000)), ours) == ()


def test_a_total_that_differs_names_the_schemes_payments() -> None:
    ours = (booked(1, 1000), booked(2, 500), booked(3, 70, scheme="Visa"))
    (found,) = compare(
        day(total("girocard", 1, 1000), total("Visa", 1, 70), receipts=("0001", "0001")), ours
    )
    assert (found.kind, found.payments) == (DifferenceKind.TOTAL, ("p1", "p2"))
    assert found.text == (
        "girocard: the terminal says 10.00 EUR in 1, the journal 15.00 EUR in 2;"
        " its day has no receipt 0002"
    )


def test_only_the_terminal_knows_of_a_scheme() -> None:
    (found,) = compare(day(total("Amex", 1, 990), receipts=("0009", "0001")), ())
    assert (found.payments, found.kind) == ((), DifferenceKind.TOTAL)
    assert "amex: the terminal says 9.90 EUR in 1, the journal 0.00 EUR in 0" in found.text


def test_a_sum_that_agrees_under_other_schemes_is_one_difference() -> None:
    ours = (booked(1, 1000, scheme=""), booked(2, 500, scheme="Visa"))
    (found,) = compare(day(total("Mastercard", 1, 1000), total("Visa", 1, 500)), ours)
    assert (found.kind, found.payments) == (DifferenceKind.SCHEMES, ("p1",))
    assert found.text == "the sum agrees, the schemes do not: mastercard EUR, other EUR"


def test_currencies_are_never_added_up() -> None:
    ours = (booked(1, 1000), booked(2, 1000, currency="CHF"))
    found = compare(day(total("girocard", 2, 2000)), ours)
    assert [each.payments for each in found] == [("p2",), ("p1",)]


def test_a_list_that_agrees_may_call_a_capture_a_sale() -> None:
    capture = booked(1, 1000, AttemptKind.CAPTURE)
    lines = Listed(reference="key-1", kind=SALE, amount=euros(1000))
    assert compare(EndOfDay(text="", listed=(lines,)), (capture,)) == ()
    back = Listed(reference="p2", kind=REFUND, amount=euros(500))
    assert compare(EndOfDay(text="", listed=(back,)), (booked(2, 500, REVERSAL),)) == ()


def test_each_way_in_which_a_list_differs() -> None:
    ours = (booked(1, 1000), booked(2, 500), booked(3, 70), booked(5, 10))
    said = EndOfDay(
        text="",
        listed=(
            Listed(reference="key-1", kind=SALE, amount=euros(900), at="10:31"),
            Listed(reference="key-2", kind=REFUND, amount=euros(500)),
            Listed(reference="key-4", kind=SALE, amount=euros(1)),
            Listed(reference="key-5", kind=SALE, amount=euros(10)),
            Listed(reference="key-5", kind=SALE, amount=euros(10)),
        ),
    )
    found = compare(said, ours)
    assert [(each.kind, each.payments) for each in found] == [
        (DifferenceKind.AMOUNT, ("p1",)),
        (DifferenceKind.AMOUNT, ("p2",)),
        (DifferenceKind.MISSING_IN_JOURNAL, ()),
        (DifferenceKind.TWICE, ("p5",)),
        (DifferenceKind.MISSING_AT_TERMINAL, ("p3",)),
    ]
    assert (
        found[0].text
        == "the provider lists sale 9.00 EUR of 10:31 (key-1), the journal sale 10.00 EUR"
    )


def test_thousands_of_differences_are_told_in_bounds() -> None:
    ours = [booked(number, 100) for number in range(2000)]
    found = compare(EndOfDay(text="", listed=()), ours)
    assert len(found) == TOLD + 1
    assert found[-1].text.startswith("1900 more differences")
    assert len(found[-1].payments) == NAMED
    (one,) = compare(day(), ours)
    assert (len(one.payments), one.text[-24:]) == (NAMED, "; and 1500 more payments")


PAYMENTS = st.lists(
    st.tuples(
        st.integers(1, 10**6),
        st.sampled_from([SALE, SALE, REFUND, REVERSAL, AttemptKind.CAPTURE]),
        st.sampled_from(["girocard", "Visa", "V PAY", "Mastercard", "Diners", "", "own card"]),
        st.sampled_from(["EUR", "CHF"]),
    ),
    max_size=30,
).map(lambda found: [booked(at, *each) for at, each in enumerate(found)])


@given(PAYMENTS, st.randoms(use_true_random=False))
def test_what_the_journal_says_agrees_with_itself(
    ours: Sequence[Booked], chance: random.Random
) -> None:
    shuffled = list(ours)
    chance.shuffle(shuffled)
    both = EndOfDay(text="", totals=totals_of(ours), listed=listing(*shuffled).listed)
    assert compare(both, ours) == ()


@given(PAYMENTS, st.data())
def test_one_payment_that_is_lost_or_invented_is_found(
    ours: Sequence[Booked], data: st.DataObject
) -> None:
    if not ours:
        return
    lost = data.draw(st.sampled_from(ours))
    left = [each for each in ours if each is not lost]
    assert [each.payments for each in compare(listing(*left), ours)] == [(lost.id,)]
    (unknown,) = compare(listing(*ours), left)
    assert unknown.kind is DifferenceKind.MISSING_IN_JOURNAL
    by_sum = compare(EndOfDay(text="", totals=totals_of(left)), ours)
    assert any(lost.id in each.payments for each in by_sum)


@given(PAYMENTS, st.integers(1, 99), st.data())
def test_another_amount_is_found_in_its_scheme(
    ours: Sequence[Booked], more: int, data: st.DataObject
) -> None:
    if not ours:
        return
    wrong = data.draw(st.sampled_from(ours))
    said = [
        Booked(each.id, each.kind, each.amount + Money(minor=more, currency=each.amount.currency),
               each.scheme, each.keys, AT) if each is wrong else each
        for each in ours
    ]  # fmt: skip
    assert [each.payments for each in compare(listing(*said), ours)] == [(wrong.id,)]
    (found,) = compare(EndOfDay(text="", totals=totals_of(said)), ours)
    assert wrong.id in found.payments
    assert (wrong.kind in BACK) == (wrong.net.minor < 0)


def test_a_sum_of_all_schemes_is_compared_as_a_sum_only() -> None:
    ours = [booked(1, 1000), booked(2, 500, scheme="visa"), booked(3, 300, REFUND)]
    assert compare(day(SchemeTotal(scheme="", amount=euros(1200))), ours) == ()
    assert compare(day(total("", 3, 1200)), ours) == ()
    (difference,) = compare(day(SchemeTotal(scheme="", amount=euros(1201))), ours)
    assert difference.kind is DifferenceKind.TOTAL
    assert difference.payments == ("p1", "p2", "p3")
    assert difference.text.startswith("all schemes: the terminal says 12.01 EUR, the journal")


def test_a_sum_of_one_currency_leaves_the_others_to_their_schemes() -> None:
    ours = [booked(1, 1000), booked(2, 700, scheme="visa", currency="SEK")]
    crowns = SchemeTotal(scheme="visa", amount=Money(minor=700, currency="SEK"))
    assert compare(day(SchemeTotal(scheme="", amount=euros(1000)), crowns), ours) == ()
    (difference,) = compare(day(SchemeTotal(scheme="", amount=euros(1000))), ours)
    assert difference.payments == ("p2",)


def test_schemes_that_nobody_counted_agree_by_their_sums() -> None:
    ours = [booked(1, 1000), booked(2, 500, scheme="visa")]
    uncounted = SchemeTotal(scheme="V PAY", amount=euros(200))
    assert compare(day(total("girocard", 1, 1000), total("visa", 1, 300), uncounted), ours) == ()
    wrong = compare(day(SchemeTotal(scheme="visa", amount=euros(1500))), ours)
    assert [each.kind for each in wrong] == [DifferenceKind.SCHEMES]


def test_a_host_that_says_otherwise_than_its_terminal_is_told_whoever_is_right() -> None:
    ours = [booked(1, 1000), booked(2, 500, scheme="visa")]
    own, other = (SchemeTotal(scheme="", amount=euros(minor)) for minor in (1500, 1400))
    assert compare(EndOfDay(text="", totals=(own,), host_totals=(own,)), ours) == ()
    (difference,) = compare(EndOfDay(text="", totals=(own,), host_totals=(other,)), ours)
    assert difference.kind is DifferenceKind.HOST
    assert difference.text == "the terminal says 15.00 EUR, its host 14.00 EUR"
    assert difference.payments == ("p1", "p2")
    both = compare(EndOfDay(text="", totals=(other,), host_totals=(own,)), ours)
    assert [each.kind for each in both] == [DifferenceKind.TOTAL, DifferenceKind.HOST]


def test_a_brands_code_is_the_scheme_that_a_person_declares() -> None:
    assert (scheme_of("mc"), scheme_of("bcmc")) == ("mastercard", "other")
    declared = SchemeTotal(scheme="Mastercard", amount=euros(1000))
    assert compare(day(declared), [booked(1, 1000, scheme="mc")]) == ()
