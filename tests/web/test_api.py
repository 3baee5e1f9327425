import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi.openapi.models import OpenAPI

from posedge.model.capabilities import Scale
from posedge.model.case import CaseKind
from posedge.model.entry import Draft
from posedge.model.errors import (
    ConfigError,
    ConflictError,
    DeviceBusy,
    InDoubt,
    ProtocolError,
    StorageError,
)
from posedge.model.money import Money
from posedge.model.payment import State
from posedge.model.receipt import Align, Receipt, Text
from posedge.model.reconciliation import SchemeTotal
from posedge.model.sale import Sale, SaleState, TenderRequest
from posedge.model.terminal import Terminal
from posedge.web.access import Scope
from tests.web.shop import OUT_OF_PAPER, SALE_ID, Shop, basket


def test_fakes_have_the_capabilities_they_stand_for() -> None:
    shop = Shop()
    assert isinstance(shop.devices.scale, Scale)
    assert isinstance(shop.devices.drivers["terminal"], Terminal)


async def test_completed_sale_is_201_with_its_place(shop: Shop, till: httpx.AsyncClient) -> None:
    answer = await till.post("/v1/sales", json=basket())
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/sales/{SALE_ID}"
    assert answer.json()["state"] == "completed"
    assert shop.checkout.asked[0].total_gross_minor == 400


UNPAID = [
    (SaleState.PAYING, 202),
    (SaleState.IN_DOUBT, 202),
    (SaleState.DECLINED, 402),
    (SaleState.VOIDED, 402),
]


async def test_no_other_sale_looks_like_a_paid_one(shop: Shop, till: httpx.AsyncClient) -> None:
    for state, status in UNPAID:
        shop.checkout.answer = Sale(
            id=SALE_ID, state=state, code="card.declined", reason="no money"
        )
        answer = await till.post("/v1/sales", json=basket())
        said = answer.json()
        assert answer.status_code == status
        assert said.get("sale", said)["state"] == state
        assert (await till.get(f"/v1/sales/{SALE_ID}")).status_code == 200


async def test_refund_is_a_sale_of_its_own(shop: Shop, till: httpx.AsyncClient) -> None:
    answer = await till.post(f"/v1/sales/{SALE_ID}/refund", json=basket())
    assert answer.status_code == 201
    assert len(shop.checkout.asked) == 1


async def test_key_beside_the_id_must_be_the_id(shop: Shop, till: httpx.AsyncClient) -> None:
    other = await till.post("/v1/sales", json=basket(), headers={"Idempotency-Key": "other"})
    same = await till.post("/v1/sales", json=basket(), headers={"Idempotency-Key": SALE_ID})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")
    assert same.status_code == 201
    assert len(shop.checkout.asked) == 1


ERRORS = [
    (ConflictError("sale.conflict", "other content"), 409),
    (DeviceBusy("terminal.busy", "wait"), 409),
    (InDoubt("payment.in_doubt", "ask"), 504),
    (StorageError("storage.failed", "disk"), 503),
    (ProtocolError("zvt.garbled", "noise"), 502),
    (ConfigError("terminal.unset", "name one"), 500),
    (OUT_OF_PAPER, 503),
]


async def test_errors_are_problems_with_their_code(shop: Shop, till: httpx.AsyncClient) -> None:
    for error, status in ERRORS:
        shop.checkout.error = error
        answer = await till.post("/v1/sales", json=basket())
        said = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, said["status"]) == (status, status)
        assert (said["code"], said["detail"]) == (error.code, error.message)


async def test_bug_is_500_and_tells_nothing(shop: Shop, till: httpx.AsyncClient) -> None:
    shop.checkout.error = RuntimeError("secret 4111111111111111")
    answer = await till.post("/v1/sales", json=basket())
    assert (answer.status_code, answer.json()["code"]) == (500, "box.bug")
    assert "4111" not in answer.text
    shop.checkout.error = None
    assert (await till.post("/v1/sales", json=basket())).status_code == 201


INVALID: list[tuple[Mapping[str, Any], str, str]] = [
    ({"colour": "red"}, "body.colour", "unknown field"),
    ({"till": "a b"}, "body.till", "write it as"),
    ({"total_gross_minor": 401}, "body", "lines sum to 400"),
    ({"id": "1"}, "body.id", "write it as"),
    ({"currency": None}, "body.currency", "string"),
]


async def test_invalid_request_names_field_and_remedy(till: httpx.AsyncClient) -> None:
    for changes, field, word in INVALID:
        answer = await till.post("/v1/sales", json=basket(**changes))
        said = answer.json()
        assert (answer.status_code, said["code"]) == (422, "request.invalid")
        assert said["errors"][0]["field"] == field
        assert word in said["errors"][0]["problem"]


async def test_missing_field_is_named(till: httpx.AsyncClient) -> None:
    answer = await till.post("/v1/sales", json={"id": SALE_ID})
    assert {"field": "body.till", "problem": "is missing: add it"} in answer.json()["errors"]


FLOATS = ["400.0", "4e2", "NaN", "Infinity"]


async def test_floats_are_refused(shop: Shop, till: httpx.AsyncClient) -> None:
    for number in FLOATS:
        body = httpx.Request("POST", "http://x", json=basket()).content.decode()
        answer = await till.post(
            "/v1/sales",
            content=body.replace(":400", f":{number}", 1),
            headers={"Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "number.float")
        assert not shop.checkout.asked


PAYMENT_STATUSES = [
    (State.APPROVED, 201),
    (State.PARTIAL, 202),
    (State.PARTIAL_KEPT, 201),
    (State.IN_DOUBT, 202),
    (State.NEEDS_OPERATOR, 202),
    (State.DECLINED, 402),
    (State.FAILED_NOT_STARTED, 402),
]


async def test_payment_statuses(shop: Shop, till: httpx.AsyncClient) -> None:
    for state, status in PAYMENT_STATUSES:
        shop.desk.state = state
        order = {
            "id": SALE_ID,
            "sale": SALE_ID,
            "till": "till-1",
            "amount": {"minor": 100, "currency": "EUR"},
        }
        answer = await till.post("/v1/payments", json=order)
        said = answer.json()
        assert answer.status_code == status
        assert said.get("payment", said)["state"] == state
        assert (await till.get(f"/v1/payments/{SALE_ID}")).json()["state"] == state
        assert len((await till.get("/v1/payments")).json()) == 1
        assert (await till.post(f"/v1/payments/{SALE_ID}/cancel", json={})).status_code == 202


FOLLOW_UPS = [("refund", 4599), ("reverse", 4599), ("capture", 4599), ("release", 4599)]


async def test_what_follows_a_payment(shop: Shop, till: httpx.AsyncClient) -> None:
    shop.desk.put("p-1", State.APPROVED)
    for word, minor in FOLLOW_UPS:
        wish = {"id": f"{word}-1", "till": "till-1"}
        answer = await till.post(f"/v1/payments/p-1/{word}", json=wish)
        assert answer.status_code == 201
        order = shop.desk.orders[-1]
        assert (order.original, order.amount.minor, order.sale) == ("p-1", minor, SALE_ID)
        other = await till.post(
            f"/v1/payments/p-1/{word}", json=wish, headers={"Idempotency-Key": "another"}
        )
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")
    kinds = [order.kind.value for order in shop.desk.orders]
    assert kinds == ["refund", "reversal", "capture", "release"]
    part = {"id": "refund-2", "till": "till-1", "amount": {"minor": 100, "currency": "EUR"}}
    await till.post("/v1/payments/p-1/refund", json=part)
    assert shop.desk.orders[-1].amount.minor == 100
    missing = await till.post("/v1/payments/p-9/refund", json=wish)
    assert missing.status_code == 404


async def test_the_word_on_a_part(shop: Shop, till: httpx.AsyncClient) -> None:
    shop.desk.put("p-1", State.PARTIAL)
    for word in ("accept-partial", "refuse-partial"):
        answer = await till.post(f"/v1/payments/p-1/{word}", json={})
        assert answer.status_code == 200
    assert [(key, keep) for key, keep, _ in shop.desk.decided] == [("p-1", True), ("p-1", False)]
    rest = {"tenders": [{"kind": "cash", "amount_minor": 595}]}
    kept = await till.post(f"/v1/sales/{SALE_ID}/accept-partial", json=rest)
    assert kept.status_code == 201
    refused = await till.post(f"/v1/sales/{SALE_ID}/refuse-partial", json={})
    assert refused.status_code == 202
    cash = TenderRequest(kind="cash", amount_minor=595)
    assert shop.checkout.rest == [(SALE_ID, (cash,)), (SALE_ID, ())]
    empty = await till.post(f"/v1/sales/{SALE_ID}/accept-partial", json={"tenders": []})
    assert empty.status_code == 422


async def test_cases_are_ended_by_a_technician_only(
    shop: Shop, till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    await shop.cases.begin(
        "c-1",
        CaseKind.GIVE_BACK,
        terminal="terminal",
        code="payment.reversal_refused",
        text="6.25 EUR must go back",
        payments=("p-1",),
    )
    assert [each["id"] for each in (await till.get("/v1/cases")).json()] == ["c-1"]
    word = {"who": "Ada", "why": "paid out in cash", "evidence": "slip 42"}
    assert (await till.post("/v1/cases/c-1/resolve", json=word)).status_code == 403
    ended = (await technician.post("/v1/cases/c-1/resolve", json=word)).json()
    assert ended["resolution"]["who"] == "Ada (till-1)"
    assert (await till.get("/v1/cases")).json() == []
    assert (await till.get("/v1/cases/c-1")).json() == ended
    assert (await till.get("/v1/cases/c-2")).status_code == 404


async def test_a_receipt_for_who_has_no_printer(
    till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    path = f"/v1/sales/{SALE_ID}/receipt"
    document = await till.get(path)
    assert Receipt.model_validate(document.json()).parts[0] == Text(text="<b>Bread")
    text = await till.get(path, headers={"Accept": "text/plain"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == f"<b>Bread\nTOTAL{' ' * 29}4.00 EUR\n"
    page = await till.get(path, headers={"Accept": "image/png, text/html;q=0.9, */*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;Bread" in page.text
    assert (await technician.get(path)).status_code == 403
    assert (await till.get("/v1/sales/none/receipt")).status_code == 404
    kept = await till.get(path, params={"copy": "merchant"}, headers={"Accept": "text/plain"})
    assert kept.text == "MERCHANT COPY\n"
    assert (await till.get(path, params={"copy": "mine"})).status_code == 422


async def test_a_terminals_day_is_ended_once_by_its_id(
    shop: Shop, till: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    wish = {"id": "day-1", "terminal": "terminal"}
    assert (await anybody.post("/v1/reconciliations", json=wish)).status_code == 401
    other = {"Idempotency-Key": "another"}
    assert (await till.post("/v1/reconciliations", json=wish, headers=other)).status_code == 422
    answer = await till.post("/v1/reconciliations", json=wish, headers={"Idempotency-Key": "day-1"})
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/reconciliations/day-1")
    assert (await till.post("/v1/reconciliations", json={"id": "day-2"})).status_code == 201
    assert shop.days.asked == [("day-1", "terminal", "till-1"), ("day-2", None, "till-1")]
    assert (await till.get("/v1/reconciliations/day-1")).json() == answer.json()
    assert (await till.get("/v1/reconciliations?limit=5")).json() == [answer.json()]
    assert (await till.get("/v1/reconciliations/day-9")).status_code == 404


async def test_a_slip_is_declared(shop: Shop, till: httpx.AsyncClient) -> None:
    total = {"scheme": "visa", "amount": {"minor": 1234, "currency": "EUR"}}
    slip: dict[str, Any] = {"who": "Ada", "totals": [total]}
    wish = {"id": "day-1", "terminal": "terminal", "declared": slip}
    assert (await till.post("/v1/reconciliations", json=wish)).status_code == 201
    (declared,) = shop.days.declared
    assert declared is not None
    assert (declared.who, declared.of) == ("Ada", None)
    assert declared.totals == (SchemeTotal(scheme="visa", amount=Money.parse("12.34", "EUR")),)
    mistakes: tuple[dict[str, Any], ...] = (
        {"totals": []},
        {"totals": [total, total]},
        {"totals": [total, {**total, "scheme": ""}]},
        {"totals": [{**total, "scheme": "4111111111111111"}]},
        {"totals": [{**total, "amount": {"minor": 10**13, "currency": "EUR"}}]},
        {"totals": [{**total, "count": -1}]},
        {"who": ""},
    )
    for wrong in mistakes:
        answer = await till.post("/v1/reconciliations", json={**wish, "declared": slip | wrong})
        assert answer.status_code == 422, wrong


async def test_unknown_payment_is_404(till: httpx.AsyncClient) -> None:
    answer = await till.get("/v1/payments/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "payment.unknown")


async def test_technician_settles_and_a_till_may_not(
    shop: Shop, till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    shop.desk.doubt("p-1", "silence after 90 s")
    body = {"approved": True, "who": "Ada", "why": "customer waits", "evidence": "receipt 42"}
    refused = await till.post("/v1/payments/p-1/resolve", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope.missing")
    answer = await technician.post("/v1/payments/p-1/resolve", json=body)
    assert answer.json()["state"] == "operator_approved"
    assert shop.desk.resolved == [("p-1", True, "Ada (till-1)", "customer waits", "receipt 42")]


async def test_technician_settles_a_sale_and_a_till_may_not(
    shop: Shop, till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    shop.checkout.answer = Sale(id=SALE_ID, state=SaleState.VOIDED)
    body = {"who": "Ada", "why": "paid back in cash", "evidence": "slip 42"}
    refused = await till.post(f"/v1/sales/{SALE_ID}/resolve", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope.missing")
    answer = await technician.post(f"/v1/sales/{SALE_ID}/resolve", json=body)
    assert answer.json()["state"] == "voided"
    expected = (SALE_ID, "Ada (till-1)", "paid back in cash", "slip 42")
    assert shop.checkout.resolved == [expected]
    body["why"] = ""
    empty = await technician.post(f"/v1/sales/{SALE_ID}/resolve", json=body)
    assert (empty.status_code, len(shop.checkout.resolved)) == (422, 1)


async def test_devices_and_why_not(till: httpx.AsyncClient) -> None:
    assert [each["name"] for each in (await till.get("/v1/devices")).json()][:2] == [
        "scanner",
        "scale",
    ]
    assert (await till.get("/v1/devices/scale-1")).json()["model"] == "Toledo 8217"
    assert "remedy" in (await till.get("/v1/devices/unsupported")).json()[0]
    assert (await till.get("/v1/devices/toaster")).json()["code"] == "device.unknown"


TITLE = Text(text="Printer test", align=Align.CENTRE, bold=True, double=True)
SELF_TESTS = [
    ("printer", True, "is out"),
    ("scale", True, "STABLE_WEIGHT"),
    ("terminal", True, "ready"),
    ("scanner", None, "scan something"),
    ("tag", None, "events"),
]


async def test_self_tests(shop: Shop, till: httpx.AsyncClient) -> None:
    for name, passed, word in SELF_TESTS:
        said = (await till.post(f"/v1/devices/{name}/test", json={})).json()
        assert said["passed"] is passed
        assert word in said["text"]
        pages = [page for page, _ in shop.devices.printer.printed if isinstance(page, Receipt)]
    assert [page.parts[0] for page in pages] == [TITLE]


HELLO = {"receipt": {"parts": [{"part": "text", "text": "Hello"}]}}


async def test_done_means_that_the_printer_said_so(shop: Shop, till: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    shop.devices.printer.error = OUT_OF_PAPER
    waiting = await till.post("/v1/print?wait_s=0", json=HELLO, headers=key)
    assert (waiting.status_code, waiting.json()["state"]) == (202, "queued")
    shop.devices.printer.error = None
    first = await till.post("/v1/print", json=HELLO, headers=key)
    again = await till.post("/v1/print", json=HELLO, headers=key)
    assert first.status_code == 200
    said = first.json()
    assert (said["state"], said["evidence"], said["at"]) == ("done", "process-id", "printer")
    told = (await till.get("/v1/print/k")).json()
    assert said == again.json() == told
    other = await till.post("/v1/print", json={**HELLO, "copies": 2}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "print.conflict")
    assert len(shop.devices.printer.printed) == 1


@pytest.mark.parametrize("key", [f"receipt-{SALE_ID}", f"merchant-{SALE_ID}"])
@pytest.mark.parametrize("path", ["/v1/print", "/v1/labels"])
async def test_a_key_of_the_box_itself_is_refused(
    key: str, path: str, shop: Shop, till: httpx.AsyncClient
) -> None:
    said = await till.post(path, json=HELLO, headers={"Idempotency-Key": key})
    assert said.status_code == 422
    assert "choose another key" in said.text
    assert shop.devices.printer.printed == []


async def test_a_print_without_a_key_gets_one(shop: Shop, till: httpx.AsyncClient) -> None:
    said = [(await till.post("/v1/print", json=HELLO)).json() for _ in range(2)]
    assert said[0]["id"] != said[1]["id"]
    assert len(shop.devices.printer.printed) == 2


async def test_a_print_that_waits_is_taken_back(shop: Shop, till: httpx.AsyncClient) -> None:
    shop.devices.printer.error = OUT_OF_PAPER
    await till.post("/v1/print?wait_s=0", json=HELLO, headers={"Idempotency-Key": "k"})
    taken = await till.post("/v1/print/k/cancel", json={})
    assert taken.json()["state"] == "cancelled"
    assert (await till.get("/v1/print/none")).json()["code"] == "print.unknown"


async def test_bytes_need_the_permission_of_the_configuration(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    refused = await till.post("/v1/print", json={"raw": "SGVsbG8K"})
    assert (refused.status_code, refused.json()["code"]) == (403, "print.raw")
    neither = await till.post("/v1/print", json={"copies": 1})
    both = await till.post("/v1/print", json={**HELLO, "raw": "SGVsbG8K"})
    assert (neither.status_code, both.status_code) == (422, 422)


async def test_a_printer_that_is_not_there_is_refused(till: httpx.AsyncClient) -> None:
    said = await till.post("/v1/print", json={**HELLO, "printer": "nowhere"})
    assert (said.status_code, said.json()["code"]) == (404, "device.unknown")


async def test_a_drawer_opens_for_a_sale_that_is_known(shop: Shop, till: httpx.AsyncClient) -> None:
    unknown = await till.post(
        "/v1/drawers/printer/open", json={"sale": "0199c2d4-6b0e-7c31-9a55-000000000000"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "sale.unknown")
    await till.post("/v1/drawers/printer/open", json={"sale": SALE_ID, "operator": "Anna"})
    (entry,) = shop.journal.entries
    assert (entry.data["by"], entry.data["sale"]) == ("sale", SALE_ID)
    assert (await till.get("/v1/drawers")).json() == []


async def test_drawer_needs_a_reason_and_leaves_a_trace(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    bare = await till.post("/v1/drawers/printer/open", json={})
    assert bare.status_code == 422
    opened = await till.post("/v1/drawers/printer/open", json={"reason": "change"})
    assert opened.json() == {"drawer": "printer", "state": "opened"}
    shop.devices.printer.error = OUT_OF_PAPER
    failed = await till.post("/v1/drawers/printer/open", json={"reason": "change"})
    assert failed.status_code == 503
    assert [each.type for each in shop.journal.entries] == [
        "drawer.opened",
        "drawer.opened",
        "drawer.failed",
    ]
    assert shop.journal.entries[0].data["caller"] == "till-1"
    assert shop.devices.printer.kicks == 1


async def test_scale(shop: Shop, till: httpx.AsyncClient) -> None:
    assert (await till.get("/v1/scales/scale/weight")).json()["weight_g"] == 1234
    assert (await till.post("/v1/scales/scale/zero", json={})).json()["state"] == "ZERO"
    assert (await till.post("/v1/scales/scale/tare", json={})).json()["net"] is True
    assert shop.devices.scale.orders == ["zero", "tare"]
    assert (await till.get("/v1/scales/printer/weight")).status_code == 404


async def test_journal_is_shown_as_it_was_hashed(shop: Shop, technician: httpx.AsyncClient) -> None:
    for number in "12":
        draft = Draft(number, "sale.completed", f"sale/{number}", shop.clock.now(), {"n": number})
        await shop.journal.append([draft])
    said = (await technician.get("/v1/journal", params={"after": 1})).json()
    assert said["last"] == 2
    assert [each["subject"] for each in said["entries"]] == ["sale/2"]
    assert said["entries"][0]["hash"] == shop.journal.entries[1].hash
    beyond = await technician.get("/v1/journal", params={"after": 2**63})  # what SQLite can't take
    assert beyond.status_code == 422


async def test_status_and_figures(shop: Shop, technician: httpx.AsyncClient) -> None:
    assert (await technician.get("/v1/status")).json()["store"] == "s0042"
    async with await shop.client(Scope.METRICS) as meter:
        assert (await meter.get("/v1/status")).status_code == 403
        text = (await meter.get("/metrics")).text
    assert "posedge_journal_healthy 1\n" in text
    assert 'posedge_device_online{device="scale",kind="scale"} 1\n' in text
    async with httpx.AsyncClient(base_url=shop.url) as local:
        assert (await local.get("/metrics")).status_code == 200


async def test_health_is_the_journals(shop: Shop, anybody: httpx.AsyncClient) -> None:
    assert (await anybody.get("/healthz")).json() == {"status": "ok"}
    shop.journal.fail()
    sick = await anybody.get("/healthz")
    assert (sick.status_code, sick.json()["code"]) == (503, "journal.unhealthy")


async def test_silent_journal_is_not_healthy(
    shop: Shop, anybody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(name: str) -> str | None:
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    monkeypatch.setattr("posedge.web.routes.box.HEALTH_S", 0.01)
    monkeypatch.setattr(shop.journal, "note", silent)
    assert (await anybody.get("/healthz")).status_code == 503


async def test_document_is_valid_and_every_route_says_who_may(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/v1/openapi.json")
    said = answer.json()
    OpenAPI.model_validate(said)
    assert said["openapi"].startswith("3.1")
    assert "0.1.0" not in answer.text  # the box's version is nobody's business
    public = {
        f"{method} {path}"
        for path, operations in said["paths"].items()
        for method, operation in operations.items()
        if not operation["security"]
    }
    assert public == {"get /healthz", "get /v1/openapi.json", "post /v1/pair"}
    for reference in _references(said):
        _follow(said, reference)


async def test_unknown_route_and_method_are_problems(till: httpx.AsyncClient) -> None:
    nowhere = await till.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "route.unknown")
    wrong = await till.delete("/v1/sales")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "request.refused")


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for value in part.values() for each in _references(value)]
    if isinstance(part, list):
        return [each for value in part for each in _references(value)]
    return []


def _follow(document: Any, reference: str) -> None:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
