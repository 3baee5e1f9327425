"""The merchant's copies of card slips on their way to paper, each once.

They are handed to the print queue while the customer stands there, before the sale is completed: a
sale that a power cut interrupts passes here again, and the job's id, made of the payment's, prints
once.
"""

from collections.abc import Iterable
from typing import Final

import structlog

from posedge.checkout.slip import merchant_copy
from posedge.model.errors import PosedgeError
from posedge.model.payment import Attempt
from posedge.model.printing import PrintOrder
from posedge.model.receipt import Receipt
from posedge.payments.settings import MerchantCopy
from posedge.printing.queue import PrintQueue

PREFIX: Final = "merchant-"
OWNER: Final = "checkout"

log = structlog.get_logger()


class MerchantCopies:
    """One per box; `when` is the setting `merchant_copy`."""

    def __init__(self, queue: PrintQueue, when: MerchantCopy) -> None:
        self._queue = queue
        self._when: MerchantCopy = when

    async def hand_in(
        self, attempts: Iterable[Attempt], printer: str | None, *, resumed: bool
    ) -> None:
        """Have the copies printed that are wanted; the same again changes nothing.

        What the queue refuses is told in the log and stays in the journal: it is no matter of the
        payment. `resumed`: one may be on paper that a lost queue has forgotten.
        """
        for attempt in attempts:
            if not wanted(attempt, self._when):
                continue
            order = PrintOrder(
                id=PREFIX + attempt.id,
                owner=OWNER,
                title="a merchant's receipt",
                printer=printer,
                receipt=Receipt(parts=tuple(merchant_copy(attempt))),
            )
            lost = resumed and self._queue.alarm is not None
            try:
                await self._queue.submit(order, owed=True, is_copy=lost)
            except PosedgeError as error:
                log.error("merchant_copy.refused", payment=attempt.id, reason=error.message)  # noqa: TRY400 - told


def wanted(attempt: Attempt, when: MerchantCopy) -> bool:
    """Whether a copy of this payment is printed: approved, over, and something to print."""
    if when == "never" or not (attempt.settled and attempt.approved.minor):
        return False
    signs = attempt.result is not None and attempt.result.signature
    told = attempt.result is not None or bool(attempt.merchant_receipt)
    return signs or (when == "always" and told)
