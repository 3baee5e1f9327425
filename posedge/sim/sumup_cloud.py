"""SumUp's API for a reader as the box uses it. It has no idempotency key: twice is twice."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.cloud import Hook, Later
from posedge.sim.cloud_faults import CloudFaults, Outcome, Way
from posedge.sim.http import Answer, Request

API_KEY = "sup_sk_simulated"
MERCHANT = "MSIMULATED"
READER = "rdr_simulated"
APP_ID, AFFILIATE_KEY = "posedge", "sup_afk_simulated"
PORT = 8183
TEST_PAN = "4242424242424242"

Object = dict[str, Any]

_READER = rf"/v0\.1/merchants/{MERCHANT}/readers/{READER}"
ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", rf"{_READER}/checkout", "checkout"),
    ("GET", rf"{_READER}/checkout/([\w-]+)", "look"),
    ("POST", rf"{_READER}/terminate", "stop"),
    ("GET", rf"{_READER}/status", "status"),
    ("GET", rf"/v2\.1/merchants/{MERCHANT}/transactions", "transaction"),
    ("POST", rf"/v1\.0/merchants/{MERCHANT}/payments/([\w-]+)/refunds", "refund"),
)


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake of ours
    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.answer = Answer.of(status, {"type": "about:blank", "title": title, "status": status})


class SumupBank:
    """A Bank. `now` is SumUp's clock, in seconds since 1970."""

    def __init__(
        self, faults: CloudFaults, *, now: Callable[[], int], customer_s: float = 0.0
    ) -> None:
        self._faults = faults
        self._now = now
        self._customer_s = customer_s
        self._checkouts: dict[str, Object] = {}
        self._transactions: dict[str, Object] = {}
        self._charges: list[Charge] = []
        self._numbers = itertools.count(1)

    def open(self, later: Later, tell: Callable[[Hook], None]) -> None:  # noqa: ARG002
        """Begin the day; SumUp signs no webhook of a reader's checkout, so none is told."""
        self._later = later

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._charges

    def route(self, request: Request) -> str:
        return _match(request)[0]

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return Refusal(401, "Unauthorized").answer
        try:
            return self._done(request)
        except Refusal as no:
            return no.answer

    def fail(self, request: Request) -> Answer:
        self.answer(request)
        return Refusal(500, "Internal Server Error").answer

    def refuse(self, way: Way) -> Answer:
        return Refusal(429 if way is Way.LIMITED else 503, "later").answer

    def _done(self, request: Request) -> Answer:
        name, key = _match(request)
        match name:
            case "checkout":
                return Answer.of(201, {"data": self._begin(request.fields)})
            case "look":
                return Answer.of(200, {"data": _told(_known(self._checkouts, key))})
            case "stop":
                return self._stop()
            case "status":
                state = "WAITING_FOR_CARD" if self._busy else "IDLE"
                return Answer.of(200, {"data": {"status": "ONLINE", "state": state}})
            case "transaction":
                return Answer.of(200, self._transaction(request.query))
            case "refund":
                return self._give(_known(self._transactions, key), request.fields)
            case _:
                raise Refusal(404, "Not Found")

    @property
    def _busy(self) -> bool:
        pending = (each["status"] == "pending" for each in self._checkouts.values())
        return self._faults.busy or any(pending)

    def _begin(self, body: Object) -> Object:
        total, affiliate = body["total_amount"], body.get("affiliate", {})
        if affiliate.get("app_id") != APP_ID or affiliate.get("key") != AFFILIATE_KEY:
            raise Refusal(400, "Bad Request")
        if self._busy:
            raise Refusal(422, "the reader has a checkout")
        if not (isinstance(total["value"], int) and total["value"] > 0):
            raise Refusal(400, "Bad Request")
        number = next(self._numbers)
        checkout: Object = {
            "checkout_id": f"chk-{number}",
            "client_transaction_id": f"ctx-{number}",
            "status": "pending",
            "total_amount": total,
            "foreign": affiliate["foreign_transaction_id"],
            "created_at": self._time(),
        }
        self._checkouts[checkout["checkout_id"]] = checkout
        self._later(self._customer_s, lambda: self._present(checkout))
        return {name: checkout[name] for name in ("checkout_id", "client_transaction_id")}

    def _present(self, checkout: Object) -> None:
        """Let the customer come to the reader."""
        outcome = self._faults.outcome
        if checkout["status"] != "pending" or outcome is Outcome.IGNORE:
            return
        ends = {
            Outcome.APPROVE: ("successful", "SUCCESSFUL"),
            Outcome.DECLINE: ("failed", "FAILED"),
            Outcome.CANCEL: ("cancelled", "CANCELLED"),
        }
        checkout["status"], status = ends[outcome]
        total = checkout["total_amount"]
        minor = self._faults.amount_minor or total["value"]
        number = TEST_PAN if self._faults.unmasked else TEST_PAN[-4:]
        made: Object = {
            "id": f"tx-{next(self._numbers)}",
            "status": status,
            "minor": minor,
            "minor_unit": total["minor_unit"],
            "currency": self._faults.currency or total["currency"],
            "foreign_transaction_id": checkout["foreign"],
            "transaction_code": "TAAA1B2C3D",
            "auth_code": "123456",
            "entry_mode": "CONTACTLESS",
            "card": {"last_4_digits": number, "type": "VISA"},
            "timestamp": checkout["created_at"],
            "back": [],
        }
        self._transactions[made["id"]] = made
        if outcome is Outcome.APPROVE:
            self._charges.append(Charge(AttemptKind.SALE, minor, made["id"]))

    def _stop(self) -> Answer:
        """Take it; there is no confirmation of the end."""
        for each in self._checkouts.values():
            if each["status"] == "pending":
                each["status"] = "cancelled"
        return Answer(202, b"")

    def _transaction(self, query: Mapping[str, str]) -> Object:
        key, foreign = query.get("id"), query.get("foreign_transaction_id")
        for each in self._transactions.values():
            if each["id"] == key or (foreign and each["foreign_transaction_id"] == foreign):
                return self._shown(each)
        raise Refusal(404, "Not Found")

    def _shown(self, made: Object) -> Object:
        hidden = {"minor", "minor_unit", "back"}
        shown = {name: value for name, value in made.items() if name not in hidden}
        shown["amount"] = _major(made["minor"], made)
        shown["events"] = [
            {"type": "REFUND", "status": "REFUNDED", "amount": _major(each, made)}
            for each in made["back"]
        ]
        if self._faults.foreign:
            shown["foreign_transaction_id"] = "somebody-else"
        return shown

    def _give(self, made: Object, body: Object) -> Answer:
        left = made["minor"] - sum(made["back"])
        minor = left
        if "amount" in body:
            minor = int(Decimal(str(body["amount"])).scaleb(made["minor_unit"]))
        if made["status"] not in {"SUCCESSFUL", "REFUNDED"} or not 0 < minor <= left:
            raise Refusal(409, "The transaction cannot be refunded")
        made["back"].append(minor)
        made["status"] = "REFUNDED" if minor == left else made["status"]
        whole = minor == made["minor"]
        if whole:
            self._charges = [
                replace(each, reversed=each.reversed or each.receipt_no == made["id"])
                for each in self._charges
            ]
        kind = AttemptKind.REVERSAL if whole else AttemptKind.REFUND
        self._charges.append(Charge(kind, minor, made["id"]))
        return Answer.of(201, {})

    def _time(self) -> str:
        moment = datetime.fromtimestamp(self._now() + self._faults.skew_s, tz=UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _told(checkout: Object) -> Object:
    """Return a checkout with all that the vendor's client asks for."""
    return {
        **{name: value for name, value in checkout.items() if name != "foreign"},
        "card_type": None,
        "installments": None,
        "payment_failure_reason": None,
        "payment_status": None,
        "payment_type": "card",
        "reader_firmware_version": "3.3.40.0",
        "reader_serial_number": "simulated",
        "updated_at": checkout["created_at"],
        "valid_until": checkout["created_at"],
    }


def _major(minor: int, made: Object) -> float:
    """Return money as SumUp says it: a float."""
    return float(Decimal(minor).scaleb(-made["minor_unit"]))


def _match(request: Request) -> tuple[str, str]:
    for method, pattern, name in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found:
            return name, next(iter(found.groups()), "")
    return "", ""


def _known(rows: Mapping[str, Object], key: str) -> Object:
    if key not in rows:
        raise Refusal(404, "Not Found")
    return rows[key]
