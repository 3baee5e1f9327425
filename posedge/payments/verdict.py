"""A person's word on a payment that no machine can tell of, kept as evidence for ever."""

import asyncio

from posedge.model.errors import MisuseError, PosedgeError
from posedge.model.payment import Attempt, Cause, Evidence, State
from posedge.payments.book import Book
from posedge.tasks import Crew


class Verdicts:
    """Settles what the box has given up on by itself, and nothing else."""

    def __init__(self, book: Book, crew: Crew) -> None:
        self._book = book
        self._crew = crew

    async def give(
        self, attempt_id: str, *, approved: bool, who: str, why: str, evidence: str
    ) -> Attempt:
        """Settle an attempt; it is done also when who asked has gone.

        MisuseError `payment.not_for_operator` unless the box has given up by itself.
        """
        attempt = await self._book.get(attempt_id)
        if attempt.state is not State.NEEDS_OPERATOR:
            raise MisuseError(
                "payment.not_for_operator",
                f"payment {attempt_id} is {attempt.state.value}: the terminal decides",
                payment=attempt_id,
            )
        cause = Cause.OPERATOR_SAYS_APPROVED if approved else Cause.OPERATOR_SAYS_NOT_COMPLETED
        word = Evidence(at=self._book.now(), source=f"operator {who}", text=f"{why} ({evidence})")
        settling = self._crew.start(
            self._settle(attempt_id, cause, word), name=f"resolve.{attempt_id}"
        )
        outcome = await asyncio.shield(settling)
        if isinstance(outcome, PosedgeError):
            raise outcome
        return outcome

    async def _settle(
        self, attempt_id: str, cause: Cause, word: Evidence
    ) -> Attempt | PosedgeError:
        """Return the error too: it is the asker's, not the crew's."""
        try:
            return await self._book.move(attempt_id, cause, evidence=word)
        except PosedgeError as error:
            return error
