"""The payment desk: money without a basket, and what only an operator can settle."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from posedge.model.money import Money
from posedge.model.payment import FINAL, MONEY_MOVED, Attempt, AttemptKind
from posedge.model.value import Value
from posedge.payments.order import Key as PaymentKey
from posedge.payments.order import Order
from posedge.web.access import LOOK, PAYING, TECHNICIAN, Asking
from posedge.web.problems import problem
from posedge.web.routes.claims import Claiming, check_payment
from posedge.web.routes.sales import Key, Testimony, same_key
from posedge.web.services import Served

router = APIRouter(tags=["payments"])

ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"model": Attempt, "description": "The money moved; `result.amount` says how much."},
    202: {
        "model": Attempt,
        "description": "Not settled: in doubt, with the operator, or less than was asked: say "
        "accept-partial or refuse-partial. Never a decline; ask GET "
        "/v1/payments/{id}.",
    },
    402: {"description": "Settled, and no money moved. `payment` is the Attempt."},
}


class Resolution(Testimony):
    """What a person found out of a payment; `approved`: that the money moved."""

    approved: bool


@router.post("/v1/payments", status_code=201, responses=ANSWERS, response_model=None, **PAYING)
async def pay(
    services: Served,
    claims: Claiming,
    asking: Asking,
    order: Order,
    idempotency_key: Key = None,
) -> Response:
    """Carry out one attempt at a terminal. `id` is the idempotency key."""
    same_key(idempotency_key, order.id)
    await check_payment(claims, services, asking, order)
    return _answer(await services.desk.pay(order))


@router.get("/v1/payments", **LOOK)
async def payments(
    services: Served, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Sequence[Attempt]:
    """List the last attempts, newest first."""
    return await services.desk.recent(limit)


@router.get("/v1/payments/{attempt_id}", **LOOK)
async def payment(services: Served, attempt_id: str) -> Attempt:
    return await services.desk.get(attempt_id)


@router.post("/v1/payments/{attempt_id}/cancel", status_code=202, **PAYING)
async def cancel(services: Served, attempt_id: str) -> Attempt:
    """Ask the terminal to stop. A request: an approval may still follow."""
    return await services.desk.cancel(attempt_id)


class Followup(Value):
    """A new attempt about an earlier one. `id` is its idempotency key.

    `amount` None: all that is left of a payment for a refund, all that was reserved for a capture.
    """

    id: PaymentKey
    till: PaymentKey
    terminal: str | None = None
    amount: Money | None = None


FOLLOW_UPS = {
    AttemptKind.REFUND: ("refund", "Give a payment back, whole or in part."),
    AttemptKind.REVERSAL: (
        "reverse",
        "Undo a whole payment on the terminal that took it, before its end of day.",
    ),
    AttemptKind.CAPTURE: (
        "capture",
        "Book a reservation, whole or less; what is not booked is free again.",
    ),
    AttemptKind.RELEASE: ("release", "Give a reservation up."),
}


def _follow_up(kind: AttemptKind) -> Callable[..., Awaitable[Response]]:
    async def follow_up(
        services: Served,
        claims: Claiming,
        asking: Asking,
        *,
        attempt_id: str,
        wish: Followup,
        idempotency_key: Key = None,
    ) -> Response:
        same_key(idempotency_key, wish.id)
        original = await services.desk.get(attempt_id)
        order = Order(
            id=wish.id,
            sale=original.sale,
            till=wish.till,
            kind=kind,
            terminal=wish.terminal or original.terminal,
            amount=wish.amount or original.approved,
            original=attempt_id,
        )
        await check_payment(claims, services, asking, order)
        return _answer(await services.desk.pay(order))

    return follow_up


for kind, (word, text) in FOLLOW_UPS.items():
    router.post(
        f"/v1/payments/{{attempt_id}}/{word}",
        name=word,
        description=text,
        status_code=201,
        responses=ANSWERS,
        response_model=None,
        **PAYING,
    )(_follow_up(kind))


@router.post("/v1/payments/{attempt_id}/accept-partial", **PAYING)
async def accept_partial(services: Served, attempt_id: str, asking: Asking) -> Attempt:
    """Keep less than was asked; for a payment of a sale see /v1/sales/{id}/accept-partial."""
    return await services.desk.decide(attempt_id, keep=True, who=asking.name)


@router.post("/v1/payments/{attempt_id}/refuse-partial", **PAYING)
async def refuse_partial(services: Served, attempt_id: str, asking: Asking) -> Attempt:
    """Have it given back: the box reverses it, and says so by another payment."""
    return await services.desk.decide(attempt_id, keep=False, who=asking.name)


@router.post("/v1/payments/{attempt_id}/resolve", **TECHNICIAN)
async def resolve(
    services: Served, attempt_id: str, resolution: Resolution, asking: Asking
) -> Attempt:
    """Settle what recovery could not: only for a payment that needs an operator."""
    return await services.desk.resolve(
        attempt_id,
        approved=resolution.approved,
        who=f"{resolution.who} ({asking.name})",
        why=resolution.why,
        evidence=resolution.evidence,
    )


def _answer(attempt: Attempt) -> Response:
    if attempt.state in FINAL - MONEY_MOVED:
        said = attempt.result.text if attempt.result else ""
        return problem(
            HTTPStatus.PAYMENT_REQUIRED,
            f"payment.{attempt.state}",
            said or "no money moved: try again under a new id",
            more={"payment": attempt.model_dump(mode="json")},
        )
    return Response(
        attempt.model_dump_json(),
        HTTPStatus.CREATED if attempt.settled else HTTPStatus.ACCEPTED,
        headers={"location": f"/v1/payments/{attempt.id}"},
        media_type="application/json",
    )
