import httpx
import pytest

from tests.web.shop import Shop

LABEL = {
    "parts": [
        {"part": "text", "text": "Apples", "size": "normal"},
        {"part": "price", "price": {"minor": 199, "currency": "EUR"}, "per": "per kg"},
        {"part": "barcode", "symbology": "ean13", "text": "4006381333931"},
    ]
}
BODY = {"job": "l-1", "quantity": 12, "label": LABEL}
KEY = {"Idempotency-Key": "k"}


async def test_a_batch_is_printed_once_by_its_key(shop: Shop, till: httpx.AsyncClient) -> None:
    first = await till.post("/v1/labels", json=BODY, headers=KEY)
    again = await till.post("/v1/labels", json=BODY, headers=KEY)
    other = await till.post("/v1/labels", json={**BODY, "quantity": 13}, headers=KEY)
    assert first.json() == again.json()
    assert first.json() == {
        "job": "l-1",
        "printer": "labels",
        "quantity": 12,
        "evidence": "buffer",
        "state": "printed",
    }
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.conflict")
    ((label, quantity),) = shop.devices.labels.printed
    assert (label.model_dump(mode="json"), quantity) == (LABEL, 12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": 201},
        {"label": {"parts": []}},
        {"label": {"parts": [{"part": "zpl", "text": "^XA^XZ"}]}},
        {"zpl": "^XA^XZ"},
    ],
)
async def test_what_is_no_label_is_refused(
    wrong: dict[str, object], shop: Shop, till: httpx.AsyncClient
) -> None:
    answer = await till.post("/v1/labels", json={**BODY, **wrong})
    assert answer.status_code == 422
    assert shop.devices.labels.printed == []


async def test_a_receipt_printer_prints_no_labels(till: httpx.AsyncClient) -> None:
    answer = await till.post("/v1/labels", json={**BODY, "printer": "printer"})
    assert answer.status_code == 404
