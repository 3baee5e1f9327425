"""What Stripe keeps: payment intents, refunds, and what its reader is at."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.cloud_faults import CloudFaults, Outcome

Object = dict[str, Any]
TEST_PAN = "4242424242424242"
BUSY_WITH = "pi_of_another_till"


@dataclass(slots=True)
class StripeBooks:
    """`now` is Stripe's clock, in seconds since 1970."""

    faults: CloudFaults
    now: Callable[[], int]
    reader: str
    intents: dict[str, Object] = field(default_factory=dict[str, Object])
    refunds: dict[str, Object] = field(default_factory=dict[str, Object])
    action: Object | None = None
    charges: list[Charge] = field(default_factory=list[Charge])
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, amount: int, currency: str, metadata: dict[str, str]) -> Object:
        intent: Object = {
            "id": f"pi_{next(self._numbers)}",
            "object": "payment_intent",
            "status": "requires_payment_method",
            "amount": self.faults.amount_minor or amount,
            "currency": self.faults.currency or currency,
            "created": self.now() + self.faults.skew_s,
            "amount_capturable": 0,
            "amount_received": 0,
            "amount_details": {"tip": {}},
            "capture_method": "manual",
            "metadata": metadata,
            "last_payment_error": None,
            "latest_charge": None,
        }
        self.intents[intent["id"]] = intent
        return intent

    def process(self, intent: Object, *, tips: bool) -> None:
        intent["last_payment_error"] = None
        self.action = {
            "type": "process_payment_intent",
            "status": "in_progress",
            "failure_code": None,
            "failure_message": None,
            "process_payment_intent": {
                "payment_intent": intent["id"],
                "process_config": {"skip_tipping": not tips},
            },
        }

    def present(self, intent: Object, *, tip: int) -> bool:
        """Let the customer present the card; return whether the reader still asked for it."""
        action = self.action
        ours = action and action["process_payment_intent"]["payment_intent"] == intent["id"]
        if action is None or not ours or action["status"] != "in_progress":
            return False
        outcome = self.faults.outcome
        if outcome is Outcome.IGNORE:
            return False
        if outcome is Outcome.APPROVE:
            self._authorise(intent, tip)
            action["status"] = "succeeded"
            return True
        action["status"] = "failed"
        if outcome is Outcome.CANCEL:
            action |= {"failure_code": "customer_canceled", "failure_message": "Canceled"}
            return True
        error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No"}
        intent["last_payment_error"] = error
        action |= {"failure_code": "card_declined", "failure_message": "No"}
        return True

    def capture(self, intent: Object, amount: int | None, metadata: dict[str, str]) -> None:
        minor = intent["amount_capturable"] if amount is None else amount
        intent |= {"status": "succeeded", "amount_received": minor, "amount_capturable": 0}
        intent["metadata"] = {**intent["metadata"], **metadata}
        kind = AttemptKind.CAPTURE if amount is not None else AttemptKind.SALE
        self.charges.append(Charge(kind, minor, intent["id"], intent["latest_charge"]["id"]))

    def refund(self, intent: Object, amount: int, metadata: dict[str, str]) -> Object:
        refund: Object = {
            "id": f"re_{next(self._numbers)}",
            "object": "refund",
            "status": "succeeded",
            "amount": amount,
            "currency": intent["currency"],
            "created": self.now() + self.faults.skew_s,
            "payment_intent": intent["id"],
            "metadata": metadata,
        }
        self.refunds[refund["id"]] = refund
        whole = amount == intent["amount_received"]
        if whole:
            self.charges = [
                replace(each, reversed=each.reversed or each.receipt_no == intent["id"])
                for each in self.charges
            ]
        kind = AttemptKind.REVERSAL if whole else AttemptKind.REFUND
        self.charges.append(Charge(kind, amount, intent["id"], refund["id"]))
        return refund

    def given_back(self, intent: Object) -> int:
        returns = (each for each in self.refunds.values() if each["payment_intent"] == intent["id"])
        return sum(each["amount"] for each in returns)

    def reader_object(self) -> Object:
        action = None if self.faults.forgets else self.action
        if self.faults.busy:
            asks = {"payment_intent": BUSY_WITH}
            action = {"status": "in_progress", "process_payment_intent": asks}
        return {
            "id": self.reader,
            "object": "terminal.reader",
            "status": "online",
            "action": action,
        }

    def shown(self, intent: Object) -> Object:
        """Return what a look at an intent shows."""
        if not self.faults.foreign:
            return intent
        return {
            **intent,
            "status": "succeeded",
            "amount_received": intent["amount"],
            "metadata": {"attempt": "somebody-else"},
        }

    def _authorise(self, intent: Object, tip: int) -> None:
        number = TEST_PAN if self.faults.unmasked else TEST_PAN[-4:]
        receipt = {"authorization_code": "123456", "dedicated_file_name": "A0000000031010"}
        card = {"brand": "visa", "last4": number, "read_method": "contactless_emv"}
        intent |= {
            "status": "requires_capture",
            "amount": intent["amount"] + tip,
            "amount_capturable": intent["amount"] + tip,
            "amount_details": {"tip": {"amount": tip} if tip else {}},
            "latest_charge": {
                "id": f"ch_{next(self._numbers)}",
                "object": "charge",
                "payment_method_details": {"card_present": {**card, "receipt": receipt}},
            },
        }
