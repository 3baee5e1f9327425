"""One sale from basket to receipt."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import Field
from starlette.responses import Response

from posedge.model.errors import MisuseError
from posedge.model.receipt import Receipt
from posedge.model.sale import (
    MAX_TENDERS,
    SALE_FINAL,
    Sale,
    SaleRequest,
    SaleState,
    TenderRequest,
)
from posedge.model.value import Value
from posedge.web.access import STAFF, TECHNICIAN, TILL, Asking
from posedge.web.problems import problem
from posedge.web.receipts import as_page, as_text
from posedge.web.routes.claims import Claiming, check_sale
from posedge.web.services import Served

router = APIRouter(tags=["sales"])

Key = Annotated[str | None, Header(max_length=64)]

Words = Annotated[str, Field(min_length=3, max_length=500)]


class Testimony(Value):
    """What a person found out or did, who it was and how it is shown; kept for ever."""

    who: Annotated[str, Field(min_length=2, max_length=100)]
    why: Words
    evidence: Words


RECEIPTS: Mapping[str, Callable[[Receipt], str]] = {
    "text/plain": as_text,
    "text/html": as_page,
    "application/json": Receipt.model_dump_json,
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"model": Sale, "description": "Completed: paid and journalled. Hand over the goods."},
    202: {
        "model": Sale,
        "description": "Not settled: a payment is under way or in doubt. Keep the goods; ask GET "
        "/v1/sales/{id}, or send the same request again.",
    },
    402: {"description": "Declined or voided: no money is kept. `sale` is the Sale."},
}


@router.post("/v1/sales", status_code=201, responses=ANSWERS, response_model=None, **TILL)
async def sell(
    services: Served,
    claims: Claiming,
    asking: Asking,
    request: SaleRequest,
    idempotency_key: Key = None,
) -> Response:
    """Take the tenders, print, open the drawer, journal. `id` is the idempotency key."""
    same_key(idempotency_key, request.id)
    await check_sale(claims, services, asking, request)
    return _answer(await services.checkout.sell(request))


@router.get("/v1/sales/{sale_id}", **STAFF)
async def sale(services: Served, sale_id: str) -> Sale:
    return await services.checkout.get(sale_id)


@router.get(
    "/v1/sales/{sale_id}/receipt",
    response_model=Receipt,
    responses={200: {"content": {"text/plain": {}, "text/html": {}}}},
    **TILL,
)
async def receipt(
    services: Served,
    sale_id: str,
    copy: Literal["customer", "merchant"] = "customer",
    accept: Annotated[str, Header()] = "",
) -> Response:
    """Return a copy as a document, as plain text or as a page (`Accept`).

    The customer's is the receipt, for an e-receipt; the merchant's are the card slips that the
    shop keeps, also of a sale that was voided.
    """
    if copy == "merchant":
        document = await services.copies.merchant(sale_id)
    else:
        document = await services.copies.customer(sale_id)
    wanted = [each.partition(";")[0].strip() for each in accept.split(",")]
    kind = next((each for each in wanted if each in RECEIPTS), "application/json")
    content = RECEIPTS[kind](document)
    return Response(content, media_type=kind)


@router.post(
    "/v1/sales/{sale_id}/refund",
    status_code=201,
    responses=ANSWERS,
    response_model=None,
    **TILL,
)
async def refund(
    services: Served,
    claims: Claiming,
    asking: Asking,
    *,
    sale_id: str,
    request: SaleRequest,
    idempotency_key: Key = None,
) -> Response:
    """Give goods of `sale_id` back; the refund is a sale of its own with its own `id`."""
    same_key(idempotency_key, request.id)
    await check_sale(claims, services, asking, request)
    return _answer(await services.checkout.refund(sale_id, request))


class Rest(Value):
    """How the rest of a partial approval is paid."""

    tenders: Annotated[tuple[TenderRequest, ...], Field(min_length=1, max_length=MAX_TENDERS)]


@router.post(
    "/v1/sales/{sale_id}/accept-partial",
    status_code=201,
    responses=ANSWERS,
    response_model=None,
    **TILL,
)
async def accept_partial(services: Served, sale_id: str, rest: Rest) -> Response:
    """Keep the part that a card paid, and pay the rest otherwise. The same again is no harm."""
    return _answer(await services.checkout.extend(sale_id, rest.tenders))


@router.post("/v1/sales/{sale_id}/refuse-partial", status_code=202, responses=ANSWERS, **TILL)
async def refuse_partial(services: Served, sale_id: str) -> Sale:
    """Let the part that a card paid go back to it: the sale is voided."""
    return await services.checkout.refuse(sale_id)


@router.post("/v1/sales/{sale_id}/resolve", **TECHNICIAN)
async def resolve(services: Served, sale_id: str, testimony: Testimony, asking: Asking) -> Sale:
    """Void a sale whose money the box cannot give back, because a person has."""
    return await services.checkout.resolve(
        sale_id,
        who=f"{testimony.who} ({asking.name})",
        why=testimony.why,
        evidence=testimony.evidence,
    )


def same_key(key: str | None, number: str) -> None:
    """Raise when a request carries an Idempotency-Key beside its own, different id."""
    if key is not None and key != number:
        raise MisuseError(
            "idempotency.mismatch", "the body's id is the key: leave the header out or send the id"
        )


def _answer(sale: Sale) -> Response:
    if sale.state in SALE_FINAL and sale.state is not SaleState.COMPLETED:
        return problem(
            HTTPStatus.PAYMENT_REQUIRED,
            sale.code or f"sale.{sale.state}",
            sale.reason or "no money is kept: try again under a new id",
            more={"sale": sale.model_dump(mode="json")},
        )
    done = sale.state is SaleState.COMPLETED
    return Response(
        sale.model_dump_json(),
        HTTPStatus.CREATED if done else HTTPStatus.ACCEPTED,
        headers={"location": f"/v1/sales/{sale.id}"},
        media_type="application/json",
    )
