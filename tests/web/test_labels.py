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
BODY = {"quantity": 12, "label": LABEL}
KEY = {"Idempotency-Key": "l-1"}


async def test_a_batch_is_a_print_job_and_printed_once_by_its_key(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    first = await till.post("/v1/labels", json=BODY, headers=KEY)
    again = await till.post("/v1/labels", json=BODY, headers=KEY)
    other = await till.post("/v1/labels", json={**BODY, "quantity": 13}, headers=KEY)
    assert first.status_code == 200
    assert first.json() == again.json() == (await till.get("/v1/print/l-1")).json()
    said = first.json()
    assert (said["content"], said["state"], said["at"], said["evidence"]) == (
        "labels",
        "done",
        "labels",
        "buffer",
    )
    assert (other.status_code, other.json()["code"]) == (409, "print.conflict")
    ((labels, job),) = shop.devices.labels.printed
    assert job == "l-1"
    assert (labels.label.model_dump(mode="json"), labels.quantity) == (LABEL, 12)


async def test_labels_wait_for_their_roll_and_receipts_do_not_wait_for_them(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    shop.devices.labels.ready = False
    waiting = await till.post("/v1/labels?wait_s=0", json=BODY, headers=KEY)
    assert (waiting.status_code, waiting.json()["state"]) == (202, "queued")
    receipt = {"receipt": {"parts": [{"part": "text", "text": "Hello"}]}}
    assert (await till.post("/v1/print", json=receipt)).json()["state"] == "done"
    assert (await till.get("/v1/print/l-1")).json()["reason"] == "labels is not ready"
    shop.devices.labels.ready = True
    assert (await till.get("/v1/print/l-1?wait_s=10")).json()["state"] == "done"


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


async def test_a_label_printer_prints_no_receipts(till: httpx.AsyncClient) -> None:
    receipt = {"parts": [{"part": "text", "text": "Hello"}]}
    answer = await till.post("/v1/print", json={"printer": "labels", "receipt": receipt})
    assert answer.status_code == 404
