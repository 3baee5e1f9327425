"""A reader at Stripe by the vendor's own client: server-driven Terminal, capture by hand.

Whatever moves money bears an idempotency key of its own, made of the attempt's id, so that the
client may repeat a request whose answer was lost. Stripe replays an answer for 24 hours at least,
a 500 as well: then the records tell what was done.
"""

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import stripe
from pydantic import ValidationError

from posedge.drivers import stripe_day
from posedge.drivers.cloud_interface import Seen
from posedge.drivers.interface import Site
from posedge.drivers.stripe_options import StripeOptions
from posedge.drivers.stripe_records import (
    Intent,
    Reader,
    Refund,
    weigh_booking,
    weigh_refund,
    weigh_sale,
)
from posedge.model.errors import DeviceError, NotStarted
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.reconciliation import Listed
from posedge.model.stamp import NS_PER_S, Stamp

T = TypeVar("T", Intent, Reader, Refund)

NEWEST = 100
"""Intents and refunds in one answer, the most that Stripe gives."""

MAX_LISTED = 10_000
"""Payments of one reader between two ends of day; more is another account's list."""

UNDECIDED = frozenset({408, 409, 425, 429})
"""What says no for now: it may be about an earlier request of ours that is still at work."""

UNPROVEN = frozenset({"terminal_reader_timeout", "idempotency_key_in_use", "lock_timeout"})
"""Refusals behind which the reader may be at work all the same."""

SALES = frozenset({AttemptKind.SALE, AttemptKind.PREAUTH})
RETURNS = frozenset({AttemptKind.REFUND, AttemptKind.REVERSAL})


class StripeProvider:
    """A Provider; `attempt.reference` is a PaymentIntent: a sale's own, else the original's."""

    lists = True

    def __init__(self, site: Site, options: StripeOptions) -> None:
        self._options = options
        self._transport = stripe.HTTPXClient(
            timeout=options.answer_ms / 1000,
            verify_ssl_certs=site.scheme == "https",  # else there is none, on this machine itself
        )
        client = stripe.StripeClient(
            options.secret_key,
            base_addresses={"api": site.address},
            max_network_retries=options.retries,
            http_client=self._transport,
        )
        self._intents = client.v1.payment_intents
        self._readers = client.v1.terminal.readers
        self._refunds = client.v1.refunds

    async def greet(self) -> str:
        reader = await self._reader()
        if reader.busy:
            return "busy"
        return "ready" if reader.status != "offline" else "offline at Stripe"

    async def prepare(self, attempt: Attempt) -> str | None:
        if attempt.kind not in SALES:
            return _original(attempt)
        if (await self._reader()).busy:  # a command would take the other till's from the reader
            raise NotStarted("terminal.busy", "the reader is at another payment: try again")
        with _asked():
            made = await self._intents.create_async(
                {
                    "amount": attempt.amount.minor,
                    "currency": attempt.amount.currency.lower(),
                    "allowed_payment_method_types": ["card_present"],
                    "capture_method": "manual",
                    "metadata": self._metadata(attempt),
                },
                {"idempotency_key": f"{attempt.id}-intent"},
            )
        return _read(Intent, made).id

    async def start(self, attempt: Attempt) -> str | None:
        if attempt.kind in SALES:
            await self._process(attempt)
        elif attempt.kind is AttemptKind.CAPTURE:
            await self._capture(attempt)
        elif attempt.kind is AttemptKind.RELEASE:
            with _asked():
                await self._intents.cancel_async(
                    _original(attempt), {}, {"idempotency_key": f"{attempt.id}-release"}
                )
        else:
            await self._give_back(attempt)
        return None

    async def look(self, attempt: Attempt) -> Seen:
        if attempt.kind in RETURNS:
            listed = await self._refunds_of(_original(attempt))
            return weigh_refund(attempt, listed)
        if attempt.kind not in SALES:
            return weigh_booking(attempt, await self._intent(_original(attempt)))
        key = attempt.reference or await self._key_of(attempt)
        if key is None:
            return weigh_refund(attempt, ())
        intent = await self._intent(key)
        return weigh_sale(attempt, intent, await self._reader())

    async def acknowledge(self, attempt: Attempt) -> None:
        key = attempt.reference or await self._key_of(attempt)
        if key is None:
            raise DeviceError("terminal.unreachable", "Stripe does not list the payment")
        with _asked():
            done = await self._intents.capture_async(
                key, {}, {"idempotency_key": f"{attempt.id}-capture"}
            )
        if _read(Intent, done).status != "succeeded":
            raise DeviceError("terminal.unacknowledged", f"{key} is not captured yet")

    async def stop(self, attempt: Attempt) -> None:
        reader = await self._reader()
        if not (reader.busy and reader.action and reader.action.is_on(attempt.reference)):
            raise DeviceError("terminal.elsewhere", "the reader is not at this payment")
        with _asked():
            await self._readers.cancel_action_async(reader.id)

    async def payments(self, since: Stamp | None, known: Sequence[Attempt]) -> Sequence[Listed]:  # noqa: ARG002
        since_s = since.utc_ns // NS_PER_S if since else 0
        with _asked():
            intents = await self._intents.list_async({"created": {"gte": since_s}, "limit": NEWEST})
            refunds = await self._refunds.list_async({"created": {"gte": since_s}, "limit": NEWEST})
            paid = [_read(Intent, each) async for each in _some(intents.auto_paging_iter())]
            back = [_read(Refund, each) async for each in _some(refunds.auto_paging_iter())]
        return tuple(stripe_day.listed(paid, back, self._options.reader))

    async def close(self) -> None:
        await self._transport.close_async()  # type: ignore[no-untyped-call] # theirs

    async def _process(self, attempt: Attempt) -> None:
        with _asked():
            await self._readers.process_payment_intent_async(
                self._options.reader,
                {
                    "payment_intent": attempt.reference or "",
                    "process_config": {
                        "enable_customer_cancellation": True,
                        "skip_tipping": not attempt.asks_tip,
                    },
                },
                {"idempotency_key": f"{attempt.id}-process"},
            )

    async def _capture(self, attempt: Attempt) -> None:
        with _asked():
            await self._intents.capture_async(
                _original(attempt),
                {"amount_to_capture": attempt.amount.minor, "metadata": {"capture": attempt.id}},
                {"idempotency_key": f"{attempt.id}-capture"},
            )

    async def _give_back(self, attempt: Attempt) -> None:
        with _asked():
            await self._refunds.create_async(
                {
                    "payment_intent": _original(attempt),
                    "amount": attempt.amount.minor,
                    "metadata": self._metadata(attempt),
                },
                {"idempotency_key": f"{attempt.id}-refund"},
            )

    async def _reader(self) -> Reader:
        with _asked():
            return _read(Reader, await self._readers.retrieve_async(self._options.reader))

    async def _intent(self, key: str) -> Intent:
        with _asked():
            found = await self._intents.retrieve_async(key, {"expand": ["latest_charge"]})
        return _read(Intent, found)

    async def _refunds_of(self, intent: str) -> list[Refund]:
        with _asked():
            listed = await self._refunds.list_async({"payment_intent": intent, "limit": NEWEST})
        return [_read(Refund, each) for each in listed.data]

    async def _key_of(self, attempt: Attempt) -> str | None:
        """Find the intent of an attempt that was cut off before its key was stored.

        It was not handed to a reader then. Lists are up to date at once, searches are not.
        """
        with _asked():
            listed = await self._intents.list_async({"limit": NEWEST})
        intents = (_read(Intent, each) for each in listed.data)
        ours = (each.id for each in intents if each.metadata.get("attempt") == attempt.id)
        return next(ours, None)

    def _metadata(self, attempt: Attempt) -> dict[str, str]:
        return {
            "attempt": attempt.id,
            "sale": attempt.sale,
            "till": attempt.till,
            "reader": self._options.reader,
            "kind": attempt.kind.value,
        }


@contextmanager
def _asked() -> Generator[None]:
    """Translate the client's errors: refused for certain, or not known."""
    try:
        yield
    except stripe.AuthenticationError as error:
        text = "Stripe refuses the key: set the option secret_key"
        raise NotStarted("terminal.denied", text) from error
    except stripe.IdempotencyError as error:
        raise DeviceError("terminal.conflict", _words(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        certain = 400 <= status < 500 and status not in UNDECIDED and error.code not in UNPROVEN  # noqa: PLR2004
        if certain:
            raise NotStarted("terminal.refused", _words(error)) from error
        raise DeviceError("terminal.unreachable", _words(error)) from error


def _words(error: stripe.StripeError) -> str:
    said = error.code or type(error).__name__
    return f"Stripe says {said}" + (f" ({error.http_status})" if error.http_status else "")


def _read(kind: type[T], found: Any) -> T:
    """Read one of the client's objects; DeviceError when it is none."""
    try:
        return kind.model_validate(found.to_dict())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        text = f"Stripe's {kind.__name__.lower()} cannot be read: {first['loc']}: {first['msg']}"
        raise DeviceError("terminal.unreadable", text) from None


def _original(attempt: Attempt) -> str:
    key = attempt.original_reference or attempt.original_receipt_no or ""
    if not key.startswith("pi_"):
        text = f"a {attempt.kind.value} needs a payment that this reader took"
        raise NotStarted("terminal.receiptless", text)
    return key


async def _some(pages: AsyncIterator[Any]) -> AsyncIterator[Any]:
    count = 0
    async for each in pages:
        count += 1
        if count > MAX_LISTED:
            raise DeviceError("terminal.chattering", "Stripe's list has no end")
        yield each
