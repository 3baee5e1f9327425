"""Exclusive use of a device: claim it, release it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from posedge.model.capabilities import Printer
from posedge.model.claim import Claim
from posedge.model.errors import NotFoundError
from posedge.model.line_display import LineDisplay
from posedge.model.sale import SaleRequest
from posedge.model.terminal import Terminal
from posedge.model.value import Value
from posedge.payments.order import Order
from posedge.web.access import STAFF, Asking, Caller, Scope
from posedge.web.claims import MAX_LEASE_S, Claims
from posedge.web.services import Served, Services

router = APIRouter(tags=["devices"])


async def _claims(request: Request) -> Claims:
    claims: Claims = request.app.state.claims
    return claims


Claiming = Annotated[Claims, Depends(_claims)]


class ClaimWish(Value):
    """For how long. Claim again before it ends to go on."""

    lease_s: Annotated[int, Field(ge=1, le=MAX_LEASE_S)] = 60


class Held(Value):
    """`claim` null: nobody holds the device."""

    claim: Claim | None = None


@router.get("/v1/devices/{name}/claim", **STAFF)
async def claimed(services: Served, claims: Claiming, name: str) -> Held:
    _check_known(services, name)
    return Held(claim=claims.holder(name))


@router.post("/v1/devices/{name}/claim", **STAFF)
async def claim(
    services: Served, claims: Claiming, asking: Asking, name: str, wish: ClaimWish
) -> Claim:
    """Hold a device for this caller alone; 409 `device.claimed` says who holds it until when.

    Others get that answer for what they ask of it, and for sales and payments that would use it,
    before anything is accepted. A restart of the box clears all claims.
    """
    _check_known(services, name)
    return claims.claim(name, asking, wish.lease_s)


@router.post("/v1/devices/{name}/release", **STAFF)
async def release(services: Served, claims: Claiming, asking: Asking, name: str) -> Held:
    """Let go of a device. A technician may let go of another's."""
    _check_known(services, name)
    claims.release(name, asking, force=Scope.TECHNICIAN in asking.scopes)
    return Held()


async def check_sale(
    claims: Claims, services: Services, asking: Caller, request: SaleRequest
) -> None:
    """Raise DeviceBusy where a new sale would use what another holds; a known one goes on."""
    if claims.none:
        return
    try:
        await services.checkout.get(request.id)
    except NotFoundError:
        for tender in request.tenders:
            if tender.kind == "card":
                claims.check(Terminal, tender.terminal, asking)
        printer = services.queue.device(request.printer or services.receipts_on)
        claims.check(Printer, printer, asking)
        if request.display is not None:
            claims.check(LineDisplay, request.display, asking)


async def check_payment(claims: Claims, services: Services, asking: Caller, order: Order) -> None:
    """Raise DeviceBusy where a new payment would use what another holds; a known one goes on."""
    if claims.none:
        return
    try:
        await services.desk.get(order.id)
    except NotFoundError:
        claims.check(Terminal, order.terminal, asking)


def _check_known(services: Services, name: str) -> None:
    if not any(name in (each.name, each.id) for each in services.devices.statuses()):
        raise NotFoundError("device.unknown", f"no device {name!r}: GET /v1/devices lists them")
