"""Commands to the card on a reader, as far as the configuration allows them."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from posedge.model.smart_card import SmartCardReader
from posedge.model.value import Value
from posedge.web.access import STAFF, Asking
from posedge.web.once import Once
from posedge.web.routes.claims import Claiming
from posedge.web.routes.counter import Key
from posedge.web.services import Served

router = APIRouter(tags=["readers"])

STATUS_BYTES = 2


class Command(Value):
    """One short command of ISO 7816-4, at most 261 bytes, in hex."""

    apdu: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}){4,261}$")]


class Replied(Value):
    """`status` is SW1 and SW2, `9000` when all is well; both in upper-case hex."""

    data: str
    status: str


@router.post("/v1/readers/{name}/apdu", **STAFF)
async def send_apdu(
    request: Request,
    services: Served,
    claims: Claiming,
    asking: Asking,
    *,
    name: str,
    command: Command,
    idempotency_key: Key = None,
) -> Replied:
    """Send a command to the card; 422 for one that the reader's option `allow` does not name."""
    claims.check(SmartCardReader, name, asking)

    async def act() -> Replied:
        _, reader = services.devices.find(SmartCardReader, name)  # type: ignore[type-abstract]
        answer = (await reader.exchange(bytes.fromhex(command.apdu))).hex().upper()
        return Replied(data=answer[: -2 * STATUS_BYTES], status=answer[-2 * STATUS_BYTES :])

    key = None if idempotency_key is None else f"{asking.id}/reader/{name}/{idempotency_key}"
    commands: Once[Replied] = request.app.state.card_commands
    return await commands.do(key, command, act)
