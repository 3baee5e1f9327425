"""Square's API for a Terminal as the box uses it: strict about keys, fields and states."""

import base64
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.cloud import Hook, Later
from posedge.sim.cloud_faults import CloudFaults, Outcome, Way
from posedge.sim.http import Answer, Request

ACCESS_TOKEN = "EAAA-simulated"  # noqa: S105 - the simulated account's
DEVICE_ID = "simulated-terminal"
WEBHOOK_SECRET = "sq-simulated-key"  # noqa: S105 - same
WEBHOOK_URL = "https://hq.example.test/hooks/square/box/terminal"
PORT = 8182
TEST_PAN = "4242424242424242"
MAX_KEY, MAX_REFUND_KEY, MAX_REFERENCE = 64, 45, 40
TIP = 150
"""What the simulated customer adds when the terminal asks."""

Object = dict[str, Any]

ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", r"/v2/terminals/checkouts", "checkout"),
    ("POST", r"/v2/terminals/checkouts/search", "search"),
    ("GET", r"/v2/terminals/checkouts/([\w-]+)", "look"),
    ("POST", r"/v2/terminals/checkouts/([\w-]+)/cancel", "stop"),
    ("GET", r"/v2/payments/([\w-]+)", "payment"),
    ("POST", r"/v2/refunds", "refund"),
    ("GET", r"/v2/refunds", "refunds"),
    ("GET", r"/v2/refunds/([\w-]+)", "refunded"),
)
FIELDS = {
    "amount_money", "reference_id", "deadline_duration", "device_options", "payment_options",
}  # fmt: skip


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake of ours
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        category = "INVALID_REQUEST_ERROR" if status < 500 else "API_ERROR"  # noqa: PLR2004
        self.answer = Answer.of(status, {"errors": [{"category": category, "code": code}]})


class SquareBank:
    """A Bank. `now` is Square's clock, in seconds since 1970."""

    def __init__(
        self, faults: CloudFaults, *, now: Callable[[], int], customer_s: float = 0.0
    ) -> None:
        self._faults = faults
        self._now = now
        self._customer_s = customer_s
        self._checkouts: dict[str, Object] = {}
        self._payments: dict[str, Object] = {}
        self._refunds: dict[str, Object] = {}
        self._kept: dict[str, tuple[bytes, Answer]] = {}
        self._charges: list[Charge] = []
        self._numbers = itertools.count(1)

    def open(self, later: Later, tell: Callable[[Hook], None]) -> None:
        self._later, self._tell = later, tell

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._charges

    def route(self, request: Request) -> str:
        return _match(request)[0]

    def answer(self, request: Request) -> Answer:
        try:
            if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
                raise Refusal(401, "UNAUTHORIZED")  # noqa: TRY301 - refusals are answers here
            return self._done(request)
        except Refusal as no:
            return no.answer

    def fail(self, request: Request) -> Answer:
        self.answer(request)
        return Refusal(500, "INTERNAL_SERVER_ERROR").answer

    def refuse(self, way: Way) -> Answer:
        limited = way is Way.LIMITED
        return Refusal(429 if limited else 503, "RATE_LIMITED" if limited else "DOWN").answer

    def _done(self, request: Request) -> Answer:
        name, key = _match(request)
        body = request.fields
        if name in {"checkout", "refund"}:
            return self._once(request, body, self._begin if name == "checkout" else self._give)
        match name:
            case "search":
                return Answer.of(200, {"checkouts": self._search(body)})
            case "look" | "stop":
                return Answer.of(200, {"checkout": self._checkout(key, stop=name == "stop")})
            case "payment":
                return Answer.of(200, {"payment": _known(self._payments, key)})
            case "refunds":
                return Answer.of(200, {"refunds": list(self._refunds.values())})
            case "refunded":
                return Answer.of(200, {"refund": _known(self._refunds, key)})
            case _:
                raise Refusal(404, "NOT_FOUND")

    def _once(self, request: Request, body: Object, do: Callable[[Object], Object]) -> Answer:
        """Do it once for each key: the same again gets the same answer."""
        key = body.get("idempotency_key", "")
        longest = MAX_KEY if request.path.endswith("checkouts") else MAX_REFUND_KEY
        if not 0 < len(key) <= longest:
            raise Refusal(400, "MISSING_REQUIRED_PARAMETER")
        asked = request.path.encode() + request.body
        if key in self._kept:
            before, answer = self._kept[key]
            if before != asked:
                raise Refusal(400, "IDEMPOTENCY_KEY_REUSED")
            return answer
        answer = Answer.of(200, do(body))
        self._kept[key] = (asked, answer)
        return answer

    def _begin(self, body: Object) -> Object:
        wanted = body.get("checkout", {})
        if set(wanted) - FIELDS or len(wanted.get("reference_id", "")) > MAX_REFERENCE:
            raise Refusal(400, "BAD_REQUEST")
        seconds = re.fullmatch(r"PT(\d+)S", wanted.get("deadline_duration", ""))
        if seconds is None or not 10 <= int(seconds[1]) <= 300:  # noqa: PLR2004 - PT10S to PT5M
            raise Refusal(400, "INVALID_VALUE")
        if wanted["device_options"]["device_id"] != DEVICE_ID or _minor(wanted) < 1:
            raise Refusal(400, "INVALID_VALUE")
        made = {**wanted, "id": f"chk-{next(self._numbers)}", "status": "PENDING"}
        made["created_at"] = self._time()
        self._checkouts[made["id"]] = made
        self._later(self._customer_s, lambda: self._present(made))
        return {"checkout": made}

    def _present(self, checkout: Object) -> None:
        """Let the customer come to the terminal."""
        outcome = self._faults.outcome
        if checkout["status"] not in {"PENDING", "IN_PROGRESS"} or outcome is Outcome.IGNORE:
            return
        if outcome is Outcome.APPROVE:
            self._pay(checkout)
        else:
            gone = outcome is Outcome.CANCEL
            reason = "BUYER_CANCELED" if gone else "TIMED_OUT"
            checkout |= {"status": "CANCELED", "cancel_reason": reason}
        self._announce(checkout)

    def _pay(self, checkout: Object) -> None:
        tip = TIP if checkout["device_options"]["tip_settings"]["allow_tipping"] else 0
        asked = checkout["amount_money"]
        currency = self._faults.currency or asked["currency"]
        minor = self._faults.amount_minor or asked["amount"]
        number = TEST_PAN if self._faults.unmasked else TEST_PAN[-4:]
        payment: Object = {
            "id": f"pay-{next(self._numbers)}",
            "status": "COMPLETED",
            "amount_money": {"amount": minor, "currency": currency},
            "tip_money": {"amount": tip, "currency": currency} if tip else None,
            "terminal_checkout_id": checkout["id"],
            "receipt_number": "a1B2",
            "refund_ids": [],
            "card_details": {
                "entry_method": "CONTACTLESS",
                "auth_result_code": "123456",
                "card": {"card_brand": "VISA", "last_4": number},
            },
        }
        self._payments[payment["id"]] = payment
        checkout |= {"status": "COMPLETED", "payment_ids": [payment["id"]]}
        checkout["tip_money"] = payment["tip_money"]
        self._charges.append(Charge(AttemptKind.SALE, minor + tip, payment["id"], checkout["id"]))

    def _give(self, body: Object) -> Object:
        payment = _known(self._payments, body.get("payment_id", ""))
        tip = payment["tip_money"]["amount"] if payment["tip_money"] else 0
        taken = payment["amount_money"]["amount"] + tip
        before = sum(_minor(self._refunds[each]) for each in payment["refund_ids"])
        minor = _minor(body)
        if not 0 < minor <= taken - before:
            raise Refusal(400, "REFUND_AMOUNT_INVALID")
        refund: Object = {
            "id": f"{payment['id']}_{next(self._numbers)}",
            "status": "COMPLETED",
            "amount_money": body["amount_money"],
            "payment_id": payment["id"],
            "reason": body.get("reason"),
            "created_at": self._time(),
        }
        self._refunds[refund["id"]] = refund
        payment["refund_ids"].append(refund["id"])
        whole = minor == taken
        if whole:
            self._charges = [
                replace(each, reversed=each.reversed or each.receipt_no == payment["id"])
                for each in self._charges
            ]
        kind = AttemptKind.REVERSAL if whole else AttemptKind.REFUND
        self._charges.append(Charge(kind, minor, payment["id"], refund["id"]))
        return {"refund": refund}

    def _search(self, body: Object) -> list[Object]:
        wanted = body.get("query", {}).get("filter", {})
        since = wanted.get("created_at", {}).get("start_at", "")
        status = wanted.get("status")
        found = [
            self._shown(each)
            for each in reversed(self._checkouts.values())
            if status in {None, each["status"]} and each["created_at"] >= since
        ]
        if self._faults.busy and status in {None, "IN_PROGRESS"}:
            found.insert(0, {**_ANOTHERS, "created_at": self._time()})
        return [] if self._faults.forgets else found[: body.get("limit", 100)]

    def _checkout(self, key: str, *, stop: bool) -> Object:
        checkout = _known(self._checkouts, key)
        if stop:
            if checkout["status"] not in {"PENDING", "IN_PROGRESS"}:
                raise Refusal(400, "BAD_REQUEST")
            checkout |= {"status": "CANCELED", "cancel_reason": "SELLER_CANCELED"}
        return self._shown(checkout)

    def _shown(self, checkout: Object) -> Object:
        other = {"reference_id": "somebody-else"} if self._faults.foreign else {}
        return {**checkout, **other}

    def _time(self) -> str:
        moment = datetime.fromtimestamp(self._now() + self._faults.skew_s, tz=UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"

    def _announce(self, checkout: Object) -> None:
        event = {
            "type": "terminal.checkout.updated",
            "event_id": f"evt-{next(self._numbers)}",
            "data": {"type": "checkout.event", "object": {"checkout": checkout}},
        }
        body = json.dumps(event).encode()
        self._tell(Hook(body, signed(body, WEBHOOK_SECRET), signed(body, "somebody-elses")))


_ANOTHERS: Object = {
    "id": "chk-of-another-till",
    "status": "IN_PROGRESS",
    "reference_id": "another",
    "amount_money": {"amount": 1, "currency": "EUR"},
    "device_options": {"device_id": DEVICE_ID},
}


def signed(body: bytes, key: str) -> dict[str, str]:
    """Return the header that Square signs a webhook with."""
    digest = hmac.new(key.encode(), WEBHOOK_URL.encode() + body, hashlib.sha256).digest()
    return {"X-Square-HmacSha256-Signature": base64.b64encode(digest).decode()}


def _match(request: Request) -> tuple[str, str]:
    for method, pattern, name in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found:
            return name, next(iter(found.groups()), "")
    return "", ""


def _minor(holder: Mapping[str, Any]) -> int:
    return int(holder["amount_money"]["amount"])


def _known(rows: Mapping[str, Object], key: str) -> Object:
    if key not in rows:
        raise Refusal(404, "NOT_FOUND")
    return rows[key]
