"""The drawer of a cash sale: opened when it can be, told when not; the sale stands either way."""

import structlog

from posedge.checkout.settings import CheckoutSettings
from posedge.drawers.drawers import Drawers
from posedge.model.drawer import OpenedBy, Opening
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.sale import SaleRequest

log = structlog.get_logger()


def opening_of(request: SaleRequest) -> Opening:
    """Return what the journal says of the opening."""
    return Opening(by=OpenedBy.SALE, sale=request.id, till=request.till, operator=request.operator)


async def open_drawer(drawers: Drawers, request: SaleRequest, settings: CheckoutSettings) -> None:
    """Open the drawer that the settings mean for this sale; that it is stuck is noted."""
    name = settings.drawer_device or request.printer or drawers.own or settings.printer
    try:
        await drawers.open(name, settings.drawer, opening_of(request), noted=True)
    except (DeviceError, MisuseError) as error:
        log.warning("drawer.shut", sale=request.id, code=error.code, reason=error.message)
