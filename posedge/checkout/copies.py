"""The receipts of a sale as data: the customer's, and the slips that the shop keeps."""

from posedge.checkout import receipts
from posedge.checkout.course import tries_of
from posedge.checkout.ledger import Ledger
from posedge.checkout.logo import Logo
from posedge.checkout.settings import CheckoutSettings
from posedge.checkout.slip import merchant_copies
from posedge.checkout.standing import attempts_of
from posedge.model.errors import NotFoundError
from posedge.model.receipt import Receipt
from posedge.payments.desk import Desk


class Copies:
    """Put together anew from the journal whenever they are asked for."""

    def __init__(self, ledger: Ledger, desk: Desk, settings: CheckoutSettings) -> None:
        self._ledger = ledger
        self._desk = desk
        self._settings = settings
        self._logo = Logo(settings.logo)

    async def customer(self, sale_id: str) -> Receipt:
        """Return the customer's receipt; NotFoundError `receipt.missing` before it is completed."""
        if (await self._ledger.get(sale_id)).transaction is None:
            raise NotFoundError("receipt.missing", f"sale {sale_id} is not completed")
        return (await self.compose(sale_id))[1]

    async def merchant(self, sale_id: str) -> Receipt:
        """Return what the shop keeps of its card payments; NotFoundError `receipt.missing`."""
        case = await self._ledger.get(sale_id)
        kept = merchant_copies(attempts_of(await tries_of(case.basket, self._desk)))
        if kept is None:
            raise NotFoundError("receipt.missing", f"no card paid for sale {sale_id}")
        return kept

    async def compose(self, sale_id: str) -> tuple[str, Receipt]:
        """Return what the receipt of a completed sale is called, and the receipt."""
        case = await self._ledger.get(sale_id)
        assert case.transaction is not None, "only completed sales have receipts"
        tries = await tries_of(case.basket, self._desk)
        attempts = {attempt.id: attempt for attempt in attempts_of(tries)}
        logo = await self._logo.picture()
        receipt = receipts.compose(case.transaction, attempts, self._settings, logo)
        return f"receipt {case.transaction.receipt_no}", receipt
