"""The drawer of a cash sale: opened when it can be, told when not; the sale stands either way."""

import structlog

from posedge.drawers.drawers import Drawers
from posedge.model.drawer import OpenedBy, Opening
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.sale import SaleRequest

log = structlog.get_logger()


def opening_of(request: SaleRequest) -> Opening:
    """Return what the journal says of the opening."""
    return Opening(by=OpenedBy.SALE, sale=request.id, till=request.till, operator=request.operator)


async def open_drawer(
    drawers: Drawers, request: SaleRequest, *, name: str | None, number: int
) -> None:
    """Open drawer `number` of the device `name`, or of the only one; that it is stuck is noted."""
    try:
        await drawers.open(name, number, opening_of(request), noted=True)
    except (DeviceError, MisuseError) as error:
        log.warning("drawer.shut", sale=request.id, code=error.code, reason=error.message)
