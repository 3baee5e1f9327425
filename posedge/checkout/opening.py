"""The drawer of a cash sale: opened when it can be, told when not; the sale stands either way."""

import asyncio

from posedge.checkout.ledger import Ledger
from posedge.model.capabilities import Drawer
from posedge.model.errors import PosedgeError
from posedge.model.sale import SaleRequest
from posedge.payments.order import Devices

KICK_S = 2
"""A drawer opens at once or not at all."""


async def open_drawer(
    devices: Devices, ledger: Ledger, request: SaleRequest, *, name: str | None, number: int
) -> None:
    """Open drawer `number` of the device `name`, or of the only one; journal that it is stuck."""
    try:
        _, drawer = devices.find(Drawer, name)  # type: ignore[type-abstract]
        async with asyncio.timeout(KICK_S):
            await drawer.kick(number)
    except TimeoutError:
        await ledger.drawer_stuck(request, f"no answer within {KICK_S} s")
    except PosedgeError as error:
        await ledger.drawer_stuck(request, error.message)
