"""A Square Terminal by the vendor's own client.

The idempotency key in each body is made of the attempt's id, and stands in the records as well:
what lost its answer is found by it. A checkout has a deadline, so none waits for ever.
"""

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from square import AsyncSquare
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from posedge.drivers.cloud_interface import Seen
from posedge.drivers.interface import Site
from posedge.drivers.square_options import SquareOptions
from posedge.drivers.square_records import (
    Checkout,
    Payment,
    Refund,
    key_of,
    weigh_checkout,
    weigh_refund,
)
from posedge.model.errors import DeviceError, NotStarted
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.reconciliation import Listed
from posedge.model.stamp import NS_PER_S, Stamp

R = TypeVar("R", bound=BaseModel)

DEADLINE_S = (10, 300)
"""The shortest and the longest that a checkout may wait for a card."""

NEWEST = 100
"""Checkouts in one answer, the most that Square gives."""

MAX_LISTED = 10_000

UNDECIDED = frozenset({408, 409, 425, 429})
REUSED = "IDEMPOTENCY_KEY_REUSED"
UNAUTHORISED = 401


class SquareProvider:
    """A Provider; `attempt.reference` of a sale is its checkout, else the original payment."""

    lists = True

    def __init__(self, site: Site, options: SquareOptions) -> None:
        self._options = options
        self._how = RequestOptions(max_retries=options.retries)
        self._http = httpx.AsyncClient(
            timeout=options.answer_ms / 1000, verify=site.scheme == "https"
        )
        self._client = AsyncSquare(
            base_url=site.address, token=options.access_token, httpx_client=self._http
        )

    async def greet(self) -> str:
        return "busy" if await self._search("IN_PROGRESS", limit=1) else "ready"

    async def prepare(self, attempt: Attempt) -> str | None:
        if attempt.kind is not AttemptKind.SALE:
            return _original(attempt)
        if await self._search("IN_PROGRESS", limit=1):
            raise NotStarted("terminal.busy", "the terminal is at another payment: try again")
        return None

    async def start(self, attempt: Attempt) -> str | None:
        if attempt.kind is AttemptKind.SALE:
            return await self._begin(attempt)
        money = attempt.amount
        with _asked():
            await self._client.refunds.refund_payment(
                idempotency_key=key_of(attempt),
                payment_id=_original(attempt),
                amount_money={"amount": money.minor, "currency": money.currency},
                reason=f"{self._mark}{key_of(attempt)}",
                request_options=self._how,
            )
        return None

    async def look(self, attempt: Attempt) -> Seen:
        if attempt.kind is not AttemptKind.SALE:
            return weigh_refund(attempt, await self._refunds_of(_original(attempt)))
        checkout = await self._found(attempt)
        ids = (checkout.payment_ids if checkout else None) or ()
        return weigh_checkout(attempt, checkout, [await self._payment(each) for each in ids])

    async def acknowledge(self, attempt: Attempt) -> None:
        raise DeviceError("terminal.unowed", f"Square has taken the money of {attempt.id} itself")

    async def stop(self, attempt: Attempt) -> None:
        checkout = await self._found(attempt)
        if checkout is None:
            raise DeviceError("terminal.elsewhere", "the terminal is not at this payment")
        with _asked():
            await self._client.terminal.checkouts.cancel(checkout.id, request_options=self._how)

    async def payments(self, since: Stamp | None, known: Sequence[Attempt]) -> Sequence[Listed]:  # noqa: ARG002
        begin = _time(since)
        paid = await self._search("COMPLETED", limit=NEWEST, begin=begin)
        with _asked():
            pages = await self._client.refunds.list(begin_time=begin, request_options=self._how)
            back = [_read(Refund, each) async for each in _some(pages)]
        ours = [each for each in back if (each.reason or "").startswith(self._mark)]
        return tuple([_paid(each) for each in paid] + [_back(each) for each in ours])

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def _mark(self) -> str:
        """What stands before the key in the reason of a refund: whose it is."""
        return f"posedge {self._options.device_id} "

    async def _begin(self, attempt: Attempt) -> str:
        shortest_s, longest_s = DEADLINE_S
        deadline_s = min(longest_s, max(shortest_s, self._options.customer_ms // 1000))
        money = attempt.amount
        with _asked():
            made = await self._client.terminal.checkouts.create(
                idempotency_key=key_of(attempt),
                checkout={
                    "amount_money": {"amount": money.minor, "currency": money.currency},
                    "reference_id": key_of(attempt),
                    "deadline_duration": f"PT{deadline_s}S",
                    "device_options": {
                        "device_id": self._options.device_id,
                        "skip_receipt_screen": True,
                        "tip_settings": {"allow_tipping": attempt.asks_tip},
                    },
                    "payment_options": {"autocomplete": True},
                },
                request_options=self._how,
            )
        return _read(Checkout, made.checkout).id

    async def _found(self, attempt: Attempt) -> Checkout | None:
        """Return the attempt's checkout, by its own id where we were told it, else by our key."""
        if attempt.reference is not None:
            with _asked():
                found = await self._client.terminal.checkouts.get(
                    attempt.reference, request_options=self._how
                )
            return _read(Checkout, found.checkout)
        listed = await self._search(None, limit=NEWEST)
        key = key_of(attempt)
        return next((each for each in listed if each.reference_id == key), None)

    async def _search(
        self, status: str | None, *, limit: int, begin: str | None = None
    ) -> list[Checkout]:
        """Return the terminal's newest checkouts; with `begin` all since then."""
        wanted: dict[str, Any] = {"device_id": self._options.device_id}
        wanted |= {"status": status} if status else {}
        wanted |= {"created_at": {"start_at": begin}} if begin else {}
        query: Any = {"filter": wanted, "sort": {"sort_order": "DESC"}}
        rows: list[Checkout] = []
        cursor: str | None = None
        while True:
            with _asked():
                page = await self._client.terminal.checkouts.search(
                    query=query,
                    limit=limit,
                    cursor=cursor,
                    request_options=self._how,
                )
            rows += [_read(Checkout, each) for each in page.checkouts or ()]
            cursor = page.cursor
            if begin is None or cursor is None or len(rows) > MAX_LISTED:
                return rows

    async def _payment(self, key: str) -> Payment:
        with _asked():
            found = await self._client.payments.get(key, request_options=self._how)
        return _read(Payment, found.payment)

    async def _refunds_of(self, payment: str) -> list[Refund]:
        ids = (await self._payment(payment)).refund_ids or ()
        found: list[Refund] = []
        for each in ids:
            with _asked():
                answer = await self._client.refunds.get(each, request_options=self._how)
            found.append(_read(Refund, answer.refund))
        return found


@contextmanager
def _asked() -> Generator[None]:
    """Translate the client's errors: refused for certain, or not known."""
    try:
        yield
    except httpx.HTTPError as error:
        raise DeviceError("terminal.unreachable", f"Square: {type(error).__name__}") from error
    except ApiError as error:
        status, code = error.status_code or 0, error.errors[0].code
        if status == UNAUTHORISED:
            text = "Square refuses the token: set the option access_token"
            raise NotStarted("terminal.denied", text) from error
        text = f"Square says {code} ({status})"
        if 400 <= status < 500 and status not in UNDECIDED and code != REUSED:  # noqa: PLR2004
            raise NotStarted("terminal.refused", text) from error
        raise DeviceError("terminal.unreachable", text) from error
    except ValidationError as error:  # from the client's own reading of the answer
        raise DeviceError("terminal.unreadable", "Square's answer cannot be read") from error


def _read(kind: type[R], found: BaseModel | None) -> R:
    try:
        return kind.model_validate(found.model_dump(by_alias=True) if found else {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        text = f"Square's {kind.__name__.lower()} cannot be read: {first['loc']}: {first['msg']}"
        raise DeviceError("terminal.unreadable", text) from None


def _original(attempt: Attempt) -> str:
    key = attempt.original_receipt_no
    if not key:
        text = f"a {attempt.kind.value} needs a payment that this terminal took"
        raise NotStarted("terminal.receiptless", text)
    return key


async def _some(pages: Any) -> AsyncIterator[Any]:
    count = 0
    async for each in pages:
        count += 1
        if count > MAX_LISTED:
            raise DeviceError("terminal.chattering", "Square's list has no end")
        yield each


def _time(since: Stamp | None) -> str:
    return datetime.fromtimestamp(since.utc_ns // NS_PER_S if since else 0, tz=UTC).isoformat()


def _paid(checkout: Checkout) -> Listed:
    money = checkout.amount_money
    tip = checkout.tip_money.amount if checkout.tip_money else 0
    return Listed(
        reference=checkout.reference_id or checkout.id,
        kind=AttemptKind.SALE,
        amount=Money(minor=money.amount + tip, currency=money.currency),
        at=checkout.created_at,
    )


def _back(refund: Refund) -> Listed:
    money = refund.amount_money
    return Listed(
        reference=(refund.reason or "").rpartition(" ")[2],
        kind=AttemptKind.REFUND,
        amount=Money(minor=money.amount, currency=money.currency),
        at=refund.created_at,
    )
