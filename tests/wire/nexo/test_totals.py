"""Totals of a reconciliation period, as docs.adyen.com shows them, and as they should not be."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.nexo.notation import Fields, read
from posedge.wire.nexo.totals import Total, Totals

SHOWN = {
    "POIReconciliationID": "1000",
    "Response": {"Result": "Success"},
    "TransactionTotals": [
        {
            "SaleID": "CashRegB3",
            "PaymentInstrumentType": "StoredValue",
            "PaymentCurrency": "EUR",
            "PaymentTotals": [
                {"TransactionType": "Debit", "TransactionCount": 1, "TransactionAmount": 100.99}
            ],
            "CardBrand": "SVS",
            "TotalsGroupID": "GroupA",
        },
        {
            "PaymentInstrumentType": "Card",
            "PaymentCurrency": "EUR",
            "PaymentTotals": [
                {"TransactionType": "Debit", "TransactionCount": 51, "TransactionAmount": 1841.52},
                {"TransactionType": "Credit", "TransactionCount": "2", "TransactionAmount": "3.1"},
            ],
            "CardBrand": "mc",
        },
    ],
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["TransactionTotals", "PaymentTotals", "TransactionCount", "CardBrand", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
)


def test_amounts_are_exact() -> None:
    found = Totals.from_fields(read(json.dumps(SHOWN).encode()))
    assert (found.period, found.kept, found.failures) == ("1000", True, ())
    assert found.lines == (
        Total("SVS", "EUR", "Debit", 1, Decimal("100.99")),
        Total("mc", "EUR", "Debit", 51, Decimal("1841.52")),
        Total("mc", "EUR", "Credit", 2, Decimal("3.1")),
    )


def test_what_is_missing_is_missing() -> None:
    assert Totals.from_fields({}) == Totals("", kept=False, lines=(), failures=())
    assert Totals.from_fields({"TransactionTotals": []}).kept
    group: Fields = {
        "ErrorCondition": "UnreachableHost",
        "PaymentTotals": [{"TransactionCount": Decimal("1.5")}],
    }
    found = Totals.from_fields({"TransactionTotals": [group]})
    assert found.failures == ("UnreachableHost",)
    assert found.lines == (Total("", "", "", None, None),)


@given(st.dictionaries(st.sampled_from(["TransactionTotals", "POIReconciliationID"]), JSON))
def test_nonsense_raises_nothing(body: dict[str, None]) -> None:
    assert isinstance(Totals.from_fields(body), Totals)
