"""What stands on the counter: drawer, scale."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Header, Request
from pydantic import Field, model_validator

from posedge.model.capabilities import Drawer, Scale, Weight
from posedge.model.drawer import DrawerStatus, OpenedBy, Opening
from posedge.model.transaction import SaleId
from posedge.model.value import Value
from posedge.web.access import STAFF, TILL, Asking, Caller
from posedge.web.once import Once
from posedge.web.routes.claims import Claiming
from posedge.web.services import Served

router = APIRouter(tags=["counter"])

Key = Annotated[
    str | None,
    Header(
        max_length=64,
        description="The same key with the same content gets the first answer for 24 h, or until "
        "the box restarts.",
    ),
]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class DrawerRequest(Value):
    """Nobody opens a drawer without a sale or a reason, and either stays in the journal."""

    sale: SaleId | None = None
    reason: Words | None = None
    operator: Words | None = None
    drawer: Annotated[int, Field(ge=0, le=1)] = 0

    @model_validator(mode="after")
    def _accountable(self) -> Self:
        if self.sale is None and self.reason is None:
            raise ValueError("give a reason, or the sale that it is for")
        return self


class Opened(Value):
    drawer: str
    state: Literal["opened"] = "opened"


@router.get("/v1/drawers", **STAFF)
async def all_drawers(services: Served) -> tuple[DrawerStatus, ...]:
    """Return the drawers whose contact has told something, with what they were opened for."""
    return tuple(services.drawers.statuses())


@router.post("/v1/drawers/{name}/open", **TILL)
async def open_drawer(
    request: Request,
    services: Served,
    claims: Claiming,
    asking: Asking,
    *,
    name: str,
    wish: DrawerRequest,
    idempotency_key: Key = None,
) -> Opened:
    """Open drawer `name` (the printer's, or its role, when it hangs on one).

    The opening is journalled before the pulse.
    """
    claims.check(Drawer, services.queue.device(name), asking)

    async def act() -> Opened:
        if wish.sale is not None:
            await services.checkout.get(wish.sale)
        opening = Opening(
            by=OpenedBy.REASON if wish.sale is None else OpenedBy.SALE,
            sale=wish.sale,
            operator=wish.operator,
            caller=asking.name,
            reason=wish.reason,
        )
        return Opened(drawer=await services.drawers.open(name, wish.drawer, opening))

    openings: Once[Opened] = request.app.state.openings
    return await openings.do(keyed(asking, f"drawer/{name}", idempotency_key), wish, act)


@router.get("/v1/scales/{name}/weight", **STAFF)
async def weight(services: Served, name: str) -> Weight:
    """Return the last reading at once; `weight_g` is null while the load moves."""
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    return scale.weight()


@router.post("/v1/scales/{name}/zero", **STAFF)
async def zero(services: Served, claims: Claiming, asking: Asking, name: str) -> Weight:
    claims.check(Scale, name, asking)
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    await scale.zero()
    return scale.weight()


@router.post("/v1/scales/{name}/tare", **STAFF)
async def tare(services: Served, claims: Claiming, asking: Asking, name: str) -> Weight:
    claims.check(Scale, name, asking)
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    await scale.tare()
    return scale.weight()


def keyed(asking: Caller, what: str, key: str | None) -> str | None:
    """Keep callers' keys apart: a key is only as unique as who made it."""
    return None if key is None else f"{asking.id}/{what}/{key}"
