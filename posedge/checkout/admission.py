"""What is wrong with a sale before anything has happened."""

from posedge.checkout.ledger import Ledger
from posedge.checkout.returns import RETURNED, check_against, check_without_receipt, originals
from posedge.model.entry import MAX_ENTRY_BYTES
from posedge.model.errors import MisuseError, NotFoundError
from posedge.model.sale import SaleRequest

MAX_REQUEST_BYTES = MAX_ENTRY_BYTES - 32 * 1024
"""What the terminals say of 16 tenders must still fit into the entry that completes the sale."""


async def check(request: SaleRequest, ledger: Ledger) -> None:
    """Raise MisuseError `refund.…`, `sale.too_large`, NotFoundError `sale.unknown`."""
    if len(request.model_dump_json().encode()) > MAX_REQUEST_BYTES:
        raise MisuseError("sale.too_large", f"more than {MAX_REQUEST_BYTES} bytes: split it")
    check_without_receipt(request)
    for sale in sorted(originals(request)):
        case = await ledger.find(sale)
        if case is None or case.transaction is None:
            raise NotFoundError(
                "sale.unknown",
                f"no completed sale {sale} is known here: give the goods back without"
                " naming it, with the operator's name",
                sale=sale,
            )
        held = await ledger.returned(sale)
        before = {refund: RETURNED.validate_json(text) for refund, text in held.items()}
        check_against(request, case.transaction, before)
