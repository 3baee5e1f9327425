from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from posedge.model.transaction import Line, Tax, Transaction, check_tax

ID = "0199c2d4-6b0e-7c31-9a55-000000000001"


def goods(**changes: Any) -> dict[str, Any]:
    return {
        "line_id": "1",
        "title": "Bread",
        "quantity": "1",
        "unit_price": "11.90",
        "gross_minor": 1190,
        "net_minor": 1000,
        "taxes": [{"code": "S", "rate_percent": "19", "base_minor": 1000, "amount_minor": 190}],
        **changes,
    }


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "tenant": "acme",
        "store": "s0042",
        "till": "till-1",
        "kind": "sale",
        "business_day": "2026-11-24",
        "receipt_no": 1,
        "started_at": "2026-11-24T06:00:00.000Z",
        "completed_at": "2026-11-24T06:00:03.000Z",
        "currency": "EUR",
        "lines": [goods()],
        "tenders": [{"tender_id": "1", "kind": "cash", "amount_minor": 1190}],
        "tax_summary": [
            {"code": "S", "rate_percent": "19", "base_minor": 1000, "amount_minor": 190}
        ],
        "total_gross_minor": 1190,
        "total_tax_minor": 190,
        **changes,
    }


def test_a_transaction_survives_json() -> None:
    before = Transaction.model_validate(transaction())
    assert Transaction.model_validate_json(before.model_dump_json()) == before


def test_rounding_to_coins_is_between_total_and_tenders() -> None:
    rounded = transaction(
        cash_rounding_minor=-2,
        total_gross_minor=1192,
        lines=[goods(gross_minor=1192, net_minor=1002)],
    )
    assert Transaction.model_validate(rounded).cash_rounding_minor == -2


def test_a_return_counts_against_the_total() -> None:
    back = transaction(
        kind="refund",
        lines=[goods(kind="return")],
        tenders=[{"tender_id": "1", "kind": "cash", "amount_minor": -1190}],
        total_gross_minor=-1190,
        total_tax_minor=-190,
        tax_summary=[],
    )
    assert Transaction.model_validate(back).lines[0].sign == -1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total_gross_minor": 1191}, "lines sum to 1190"),
        ({"tenders": []}, "tenders sum to 0"),
        ({"cash_rounding_minor": 1}, "tenders sum to 1190"),
        (
            {
                "tenders": [
                    {"tender_id": "1", "kind": "card", "amount_minor": 1190, "state": "unknown"}
                ]
            },
            "not settled",
        ),
        ({"total_tax_minor": 188}, "line taxes sum to 190"),
        ({"total_tax_minor": 191}, "tax_summary does not sum"),
        ({"lines": [goods(net_minor=998)]}, "miss the gross by -2"),
        ({"lines": [goods(quantity="0")]}, "greater than 0"),
        ({"lines": [goods(gtin="4006381333931")]}, "pattern"),
        ({"id": "0199c2d4-6b0e-4c31-9a55-000000000001"}, "pattern"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_what_does_not_agree_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Transaction.model_validate(transaction(**changes))


@given(st.lists(st.integers(-1, 1), min_size=1, max_size=30))
def test_one_minor_unit_a_line_is_rounding_and_more_is_not(drifts: list[int]) -> None:
    lines = tuple(
        Line(
            line_id=str(number),
            title="Bread",
            quantity=Decimal(1),
            unit_price=Decimal("1.19"),
            gross_minor=119,
            net_minor=100,
            taxes=(
                Tax(code="S", rate_percent=Decimal(19), base_minor=100, amount_minor=19 + drift),
            ),
        )
        for number, drift in enumerate(drifts)
    )
    check_tax(lines, 19 * len(lines), ())
    with pytest.raises(ValueError, match="line taxes sum"):
        check_tax(lines, 21 * len(lines) + 1, ())
