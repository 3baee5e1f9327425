"""What a terminal says of one attempt, made durable before the driver may answer it."""

from posedge.model.errors import ProtocolError
from posedge.model.events import PaymentProgress
from posedge.model.payment import Attempt, Cause, State, TerminalResult
from posedge.model.stamp import Stamp
from posedge.payments.announce import Announcer
from posedge.payments.book import Book

RECEIPT_LINES = 400
RECEIPT_BYTES = 16_000
"""Of each receipt. The longest seen have 80 lines; more is a terminal that never ends.

In bytes, since both and 50 pieces of evidence must fit into one entry of the journal.
"""

STORED = frozenset(
    {
        State.APPROVAL_STORED,
        State.PARTIAL_STORED,
        State.DECLINE_STORED,
        State.CANCEL_STORED,
    }
)


class DeskWitness:
    """The desk's ear in a driver's conversation; see model.terminal.Witness.

    `heard`: when the terminal last spoke.
    """

    def __init__(self, book: Book, announcer: Announcer, attempt: Attempt) -> None:
        self._book = book
        self._announcer = announcer
        self._attempt = attempt
        self.heard: Stamp | None = None

    async def accepted(self) -> None:
        self._hear()
        await self._book.move(self._attempt.id, Cause.ACCEPTED)

    async def progress(self, status: str, text: str) -> None:
        at = self._hear()
        self._announcer.say(
            PaymentProgress(at=at, payment=self._attempt.id, status=status, text=text)
        )

    async def reference(self, reference: str) -> None:
        self._hear()
        await self._book.amend(
            self._attempt.id, lambda known: known.model_copy(update={"reference": reference})
        )

    async def patience(self, silence_s: int) -> None:
        self._hear()

        def patient(attempt: Attempt) -> Attempt:
            longest = max(silence_s, attempt.silence_s)
            return attempt.model_copy(update={"silence_s": longest})

        await self._book.amend(self._attempt.id, patient)

    async def result(self, result: TerminalResult) -> None:
        """Store the result; the same one again is no news.

        ProtocolError `payment.uncorrelated` for one that cannot be ours, MisuseError
        `payment.impossible_move` for a second one that differs or comes too late.
        """
        self._hear()
        known = await self._book.get(self._attempt.id)
        if known.state in STORED and known.result == result:
            return
        await self._book.move(self._attempt.id, cause_of(result, known), result=result)

    async def printed(
        self, *, customer: bool, lines: tuple[str, ...], signature: bool = False
    ) -> None:
        """Store text; ProtocolError `payment.receipt_endless` when there is no end to it."""
        self._hear()
        name = "customer_receipt" if customer else "merchant_receipt"

        def printed(attempt: Attempt) -> Attempt:
            before = attempt.customer_receipt if customer else attempt.merchant_receipt
            text = (*before, *lines)
            if (
                len(text) > RECEIPT_LINES
                or sum(len(line.encode()) for line in text) > RECEIPT_BYTES
            ):
                raise ProtocolError(
                    "payment.receipt_endless", f"{attempt.terminal} prints without an end"
                )
            after = attempt.model_copy(update={name: text})
            if not signature or after.result is None:
                return after
            signed = after.result.model_copy(update={"signature": True})
            return after.model_copy(update={"result": signed})

        await self._book.amend(self._attempt.id, printed)

    def _hear(self) -> Stamp:
        self.heard = self._book.now()
        return self.heard


def cause_of(result: TerminalResult, attempt: Attempt) -> Cause:
    """Return what a live result means; approved wins over cancelled, it came all the same."""
    if result.approved:
        return Cause.RESULT_PARTIAL if is_partial(result, attempt) else Cause.RESULT_APPROVED
    return Cause.RESULT_CANCELLED if result.cancelled else Cause.RESULT_DECLINED


def is_partial(result: TerminalResult, attempt: Attempt) -> bool:
    """Compare an approved amount with what was asked; ProtocolError when it cannot be ours.

    An approval without an amount is for all of it: such terminals exist. A tip that the terminal
    was let to ask for comes on top.
    """
    amount, asked = result.amount, attempt.amount
    if amount is None:
        return False
    extra = result.tip.minor if result.tip and attempt.asks_tip else 0
    if amount.currency != asked.currency or not 0 <= extra < amount.minor <= asked.minor + extra:
        raise ProtocolError(
            "payment.uncorrelated", f"approved {amount}, asked {asked}: not the answer to this"
        )
    return amount.minor < asked.minor + extra
