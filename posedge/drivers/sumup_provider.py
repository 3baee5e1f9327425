"""A SumUp reader by the vendor's own client.

There is no idempotency key: a request for money is sent once. Where its answer is lost, the
transaction is searched by our own reference until none can begin any more.
"""

from collections.abc import Awaitable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sumup
from pydantic import BaseModel, ValidationError

from posedge.drivers.cloud_interface import Seen, Step
from posedge.drivers.interface import Site
from posedge.drivers.sumup_day import listed
from posedge.drivers.sumup_options import SumupOptions
from posedge.drivers.sumup_records import (
    Checkout,
    Transaction,
    units,
    weigh_checkout,
    weigh_refund,
    weigh_transaction,
)
from posedge.model.errors import DeviceError, NotStarted
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.reconciliation import Listed
from posedge.model.stamp import Stamp

R = TypeVar("R", bound=BaseModel)

UNDECIDED = frozenset({408, 409, 425, 429})
UNAUTHORISED, NOT_FOUND = 401, 404


class SumupProvider:
    """A Provider.

    `attempt.reference` of a sale is the reader's checkout, of a refund the transaction and what
    was given back of it before, such as `tx:1250`.
    """

    lists = False

    def __init__(self, site: Site, options: SumupOptions) -> None:
        self._options = options
        self._merchant = options.merchant_code
        self._client = sumup.AsyncSumup(
            api_key=options.api_key, base_url=site.address, timeout=options.answer_ms / 1000
        )

    async def greet(self) -> str:
        with _asked():
            said = (
                await self._client.readers.get_status(self._merchant, self._options.reader)
            ).data
        if said.status != "ONLINE":
            return "offline at SumUp"
        return "ready" if said.state in {None, "IDLE"} else "busy"

    async def prepare(self, attempt: Attempt) -> str | None:
        if attempt.kind is not AttemptKind.SALE:
            found = await self._original(attempt)
            if found.refunded is None:
                raise NotStarted("terminal.unreadable", "what was given back before is not known")
            return f"{found.id}:{found.refunded.minor}"
        state = await self.greet()
        if state != "ready":
            raise NotStarted("terminal.busy", f"the reader is {state}: try again")
        return None

    async def start(self, attempt: Attempt) -> str | None:
        if attempt.kind is not AttemptKind.SALE:
            await self._give_back(attempt)
            return None
        said = units(attempt.amount)
        if said is None:
            text = f"SumUp takes whole {attempt.amount.currency}, not {attempt.amount}"
            raise NotStarted("terminal.amount", text)
        with _asked():
            made = await self._client.readers.create_checkout(
                self._merchant,
                self._options.reader,
                total_amount={
                    "value": said[0],
                    "minor_unit": said[1],
                    "currency": attempt.amount.currency,
                },
                affiliate={
                    "app_id": self._options.app_id,
                    "key": self._options.affiliate_key,
                    "foreign_transaction_id": attempt.id,
                },
            )
        key: str | None = made.data.checkout_id
        return key

    async def look(self, attempt: Attempt) -> Seen:
        if attempt.kind is not AttemptKind.SALE:
            return weigh_refund(attempt, await self._original(attempt))
        found = await self._transaction(
            self._client.transactions.get(self._merchant, foreign_transaction_id=attempt.id)
        )
        if found is not None:
            return weigh_transaction(attempt, found)
        if attempt.reference is not None:
            return weigh_checkout(await self._checkout(attempt.reference))
        state = await self.greet()
        step = Step.NOTHING if state == "ready" else Step.UNCLEAR
        return Seen(step=step, text=f"SumUp has no such transaction; the reader is {state}")

    async def acknowledge(self, attempt: Attempt) -> None:
        raise DeviceError("terminal.unowed", f"SumUp has taken the money of {attempt.id} itself")

    async def stop(self, attempt: Attempt) -> None:
        """Ask the reader to end it; it is at our payment, or it would not have taken it."""
        if attempt.reference is None:
            raise DeviceError("terminal.elsewhere", "it is not known what the reader is at")
        with _asked():
            await self._client.readers.terminate_checkout(self._merchant, self._options.reader)

    async def payments(
        self,
        since: Stamp | None,  # noqa: ARG002 - each is asked for by its name
        known: Sequence[Attempt],
    ) -> Sequence[Listed]:
        found: dict[str, Transaction] = {}
        for attempt in known:
            transaction = await self._transaction(
                self._client.transactions.get(self._merchant, foreign_transaction_id=attempt.id)
                if attempt.kind is AttemptKind.SALE
                else self._client.transactions.get(
                    self._merchant, id=attempt.original_receipt_no or ""
                )
            )
            if transaction is not None:
                found[attempt.id] = transaction
        return listed(known, found)

    async def close(self) -> None:
        await self._client.aclose()

    async def _give_back(self, attempt: Attempt) -> None:
        found = await self._original(attempt)
        amount = float(attempt.amount.decimal)  # theirs is a float
        with _asked():
            await self._client.transactions.refund(self._merchant, found.id, amount=amount)

    async def _checkout(self, key: str) -> Checkout:
        with _asked():
            found = await self._client.readers.get_checkout(
                self._merchant, self._options.reader, key
            )
        return _read(Checkout, found.data)

    async def _original(self, attempt: Attempt) -> Transaction:
        key = attempt.original_receipt_no
        text = f"a {attempt.kind.value} needs a payment that SumUp took"
        if not key:
            raise NotStarted("terminal.receiptless", text)
        found = await self._transaction(self._client.transactions.get(self._merchant, id=key))
        if found is None:
            raise NotStarted("terminal.receiptless", text)
        return found

    async def _transaction(self, asked: Awaitable[Any]) -> Transaction | None:
        try:
            with _asked():
                found = await asked
        except NotStarted as error:
            if error.data.get("status") == NOT_FOUND:
                return None
            raise
        return _read(Transaction, found)


@contextmanager
def _asked() -> Generator[None]:
    """Translate the client's errors: refused for certain, or not known."""
    try:
        yield
    except sumup.APIError as error:
        status = error.status or 0
        if status == UNAUTHORISED:
            text = "SumUp refuses the key: set the option api_key"
            raise NotStarted("terminal.denied", text) from error
        text = f"SumUp says {status or type(error).__name__}"
        if 400 <= status < 500 and status not in UNDECIDED:  # noqa: PLR2004
            raise NotStarted("terminal.refused", text, status=status) from error
        raise DeviceError("terminal.unreachable", text) from error
    except (ValidationError, ValueError) as error:  # from the client's own reading
        raise DeviceError("terminal.unreadable", "SumUp's answer cannot be read") from error


def _read(kind: type[R], found: Any) -> R:
    try:
        return kind.model_validate_json(found.model_dump_json())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        text = f"SumUp's {kind.__name__.lower()} cannot be read: {first['loc']}: {first['msg']}"
        raise DeviceError("terminal.unreadable", text) from None
