"""What stands on the counter: drawer, scale."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request
from pydantic import Field

from posedge.model.capabilities import Drawer, Scale, Weight
from posedge.model.entry import Draft
from posedge.model.errors import DeviceError
from posedge.model.value import Json, Value
from posedge.web.access import STAFF, TILL, Asking, Caller
from posedge.web.once import Once
from posedge.web.services import Served, Services

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
    """Nobody opens a drawer without a reason that stays in the journal."""

    reason: Words
    operator: Words | None = None
    drawer: Annotated[int, Field(ge=0, le=1)] = 0


class Opened(Value):
    drawer: str
    state: Literal["opened"] = "opened"


@router.post("/v1/drawers/{name}/open", **TILL)
async def open_drawer(
    request: Request,
    services: Served,
    asking: Asking,
    *,
    name: str,
    wish: DrawerRequest,
    idempotency_key: Key = None,
) -> Opened:
    """Open the drawer at printer `name`; journalled as `drawer.opened` before the pulse."""

    async def act() -> Opened:
        drawer_name, drawer = services.devices.find(Drawer, name)  # type: ignore[type-abstract]
        await _journal(services, "drawer.opened", drawer_name, asking, wish)
        try:
            await drawer.kick(wish.drawer)
        except DeviceError:
            await _journal(services, "drawer.failed", drawer_name, asking, wish)
            raise
        return Opened(drawer=drawer_name)

    openings: Once[Opened] = request.app.state.openings
    return await openings.do(keyed(asking, f"drawer/{name}", idempotency_key), wish, act)


@router.get("/v1/scales/{name}/weight", **STAFF)
async def weight(services: Served, name: str) -> Weight:
    """Return the last reading at once; `weight_g` is null while the load moves."""
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    return scale.weight()


@router.post("/v1/scales/{name}/zero", **STAFF)
async def zero(services: Served, name: str) -> Weight:
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    await scale.zero()
    return scale.weight()


@router.post("/v1/scales/{name}/tare", **STAFF)
async def tare(services: Served, name: str) -> Weight:
    _, scale = services.devices.find(Scale, name)  # type: ignore[type-abstract]
    await scale.tare()
    return scale.weight()


async def _journal(
    services: Services, event: str, drawer: str, asking: Caller, wish: DrawerRequest
) -> None:
    said: dict[str, Json] = {
        "drawer": drawer,
        "number": wish.drawer,
        "reason": wish.reason,
        "operator": wish.operator,
        "caller": asking.name,
    }
    draft = Draft(services.ids.new(), event, f"drawer/{drawer}", services.clock.now(), said)
    await services.journal.append([draft])


def keyed(asking: Caller, what: str, key: str | None) -> str | None:
    """Keep callers' keys apart: a key is only as unique as who made it."""
    return None if key is None else f"{asking.id}/{what}/{key}"
