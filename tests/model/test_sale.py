from typing import Any

import pytest
from pydantic import ValidationError

from posedge.model.sale import SaleRequest, TenderRequest
from tests.doubles.store import basket, card, cash, line, sale_id


def test_a_request_survives_json() -> None:
    request = basket(1, card(500), cash(690, given=1000))
    assert SaleRequest.model_validate_json(request.model_dump_json()) == request


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total_gross_minor": 1191}, "lines sum to 1190"),
        ({"tenders": [{"kind": "cash", "amount_minor": 1189}]}, "tenders sum to 1189, 1190 is due"),
        ({"cash_rounding_minor": 1}, "tenders sum to 1190, 1191 is due"),
        ({"total_tax_minor": 100}, "line taxes sum"),
        ({"lines": []}, "at least 1"),
        ({"tenders": []}, "at least 1"),
        ({"currency": "eur"}, "pattern"),
        ({"till": "till 1"}, "pattern"),
        ({"id": "7"}, "pattern"),
    ],
)
def test_what_does_not_agree_is_refused(changes: dict[str, Any], words: str) -> None:
    request = basket(1, cash(1190)).model_dump(mode="json")
    with pytest.raises(ValidationError, match=words):
        SaleRequest.model_validate({**request, **changes})


@pytest.mark.parametrize(
    ("tender", "words"),
    [
        ({"kind": "cash", "amount_minor": 500, "given_minor": 499}, "less than the cash"),
        ({"kind": "card", "amount_minor": 500, "given_minor": 5000}, "for cash"),
        ({"kind": "voucher", "amount_minor": 500, "given_minor": 500}, "for cash"),
        ({"kind": "card", "amount_minor": 0}, "leave it out"),
        ({"kind": "card", "amount_minor": -5}, "original_attempt"),
        ({"kind": "card", "amount_minor": 5, "original_attempt": "p1"}, "original_attempt"),
        ({"kind": "card", "amount_minor": -5, "original_attempt": "p/1"}, "pattern"),
        ({"kind": "cash", "amount_minor": 5, "tip_minor": 1}, "belong to a card"),
        ({"kind": "card", "amount_minor": -5, "original_attempt": "p", "partial": True}, "belong"),
        ({"kind": "card", "amount_minor": 5, "tip_minor": 3, "cashback_minor": 2}, "are parts"),
    ],
)
def test_tenders_that_make_no_sense_are_refused(tender: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TenderRequest.model_validate(tender)


def test_money_back_for_goods_back_is_a_sale_too() -> None:
    back = basket(2, card(-1190, original="p1"), lines=(line(1, original=sale_id(1)),))
    assert (back.kind, back.total_gross_minor) == ("refund", -1190)
