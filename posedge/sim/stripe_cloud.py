"""Stripe's API for a reader as the box uses it: strict about keys, parameters and states."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from posedge.sim.charge import Charge
from posedge.sim.cloud import Hook, Later
from posedge.sim.cloud_faults import CloudFaults, Way
from posedge.sim.http import Answer, Request
from posedge.sim.stripe_books import Object, StripeBooks

SECRET_KEY = "sk_test_simulated"  # noqa: S105 - the simulated account's
WEBHOOK_SECRET = "whsec_simulated"  # noqa: S105 - same
READER = "tmr_simulated"
PORT = 8181

MAX_KEY = 255
"""Characters of an idempotency key (docs.stripe.com/api/idempotent_requests)."""

TIP = 150
"""What the simulated customer adds when the reader asks."""

ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", r"/v1/payment_intents", "create"),
    ("GET", r"/v1/payment_intents", "intents"),
    ("GET", r"/v1/payment_intents/(\w+)", "intent"),
    ("POST", r"/v1/payment_intents/(\w+)/capture", "capture"),
    ("POST", r"/v1/payment_intents/(\w+)/cancel", "release"),
    ("GET", r"/v1/terminal/readers/(\w+)", "reader"),
    ("POST", r"/v1/terminal/readers/(\w+)/process_payment_intent", "process"),
    ("POST", r"/v1/terminal/readers/(\w+)/cancel_action", "stop"),
    ("POST", r"/v1/refunds", "refund"),
    ("GET", r"/v1/refunds", "refunds"),
)

METADATA = r"metadata\[\w+\]"
ALLOWED = {
    "create": rf"amount|currency|allowed_payment_method_types\[0\]|capture_method|{METADATA}",
    "process": r"payment_intent|process_config\[(enable_customer_cancellation|skip_tipping)\]",
    "capture": rf"amount_to_capture|{METADATA}",
    "release": "",
    "stop": "",
    "refund": rf"payment_intent|amount|{METADATA}",
}
"""The parameters that the box has a use for; any other is unknown here, as at Stripe."""


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake of ours
    """A no with Stripe's own words."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.answer = Answer.of(
            status, {"error": {"type": kind, "code": code, "message": code.replace("_", " ")}}
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """The first answer to a key, and what had been asked."""

    asked: tuple[str, bytes]
    answer: Answer


class StripeBank:
    """A Bank."""

    def __init__(
        self, faults: CloudFaults, *, now: Callable[[], int], customer_s: float = 0.0
    ) -> None:
        self.books = StripeBooks(faults, now, READER)
        self._faults = faults
        self._customer_s = customer_s
        self._kept: dict[str, _Kept] = {}
        self._events = 0

    def open(self, later: Later, tell: Callable[[Hook], None]) -> None:
        self._later, self._tell = later, tell

    @property
    def ledger(self) -> Sequence[Charge]:
        return self.books.charges

    def route(self, request: Request) -> str:
        return _match(request)[0]

    def answer(self, request: Request) -> Answer:
        return self._once(request, lambda: self._do(request))

    def fail(self, request: Request) -> Answer:
        """Stripe keeps a 500 under its key and replays it."""

        def failed() -> Answer:
            self._do(request)
            return Refusal(500, "api_error", "api_error").answer

        return self._once(request, failed)

    def refuse(self, way: Way) -> Answer:
        return Refusal(429 if way is Way.LIMITED else 503, "rate_limit").answer

    def _once(self, request: Request, do: Callable[[], Answer]) -> Answer:
        key = request.headers.get("idempotency-key")
        if request.method != "POST":
            return do()
        if key is None or not 0 < len(key) <= MAX_KEY:
            return Refusal(400, "idempotency_key_missing").answer
        asked = (request.path, request.body)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(asked, do())
            return kept.answer
        if kept.asked != asked:
            return Refusal(400, "idempotency_error", "idempotency_error").answer
        replayed = {**kept.answer.headers, "Idempotent-Replayed": "true"}
        return Answer(kept.answer.status, kept.answer.body, replayed)

    def _do(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return Refusal(401, "api_key_invalid").answer
        name, key = _match(request)
        try:
            if name in ALLOWED:
                _known(request.form, ALLOWED[name])
                return Answer.of(200, self._change(name, key, request.form))
            return Answer.of(200, self._read(name, key, request))
        except Refusal as no:
            return no.answer

    def _change(self, name: str, key: str, form: dict[str, str]) -> Object:
        changes: dict[str, Callable[[], Object]] = {
            "create": lambda: self._create(form),
            "capture": lambda: self._capture(self._intent(key), form),
            "release": lambda: self._release(self._intent(key)),
            "process": lambda: self._process(key, form),
            "stop": lambda: self._reader(key, stop=True),
            "refund": lambda: self._refund(form),
        }
        return changes[name]()

    def _read(self, name: str, key: str, request: Request) -> Object:
        match name:
            case "intent":
                return self.books.shown(self._intent(key))
            case "intents":
                return _page(list(self.books.intents.values()), request)
            case "reader":
                return self._reader(key, stop=False)
            case "refunds":
                about = request.query.get("payment_intent")
                made = self.books.refunds.values()
                return _page([r for r in made if about in {None, r["payment_intent"]}], request)
            case _:
                raise Refusal(404, "url_invalid")

    def _create(self, form: dict[str, str]) -> Object:
        if form.get("allowed_payment_method_types[0]") != "card_present":
            raise Refusal(400, "parameter_missing")
        if form.get("capture_method") != "manual" or not form.get("currency", "").islower():
            raise Refusal(400, "parameter_invalid")
        return self.books.create(_amount(form, "amount"), form["currency"], _metadata(form))

    def _process(self, reader: str, form: dict[str, str]) -> Object:
        self._known_reader(reader)
        intent = self._intent(form.get("payment_intent", ""))
        if self._faults.busy:
            raise Refusal(409, "terminal_reader_busy")
        if intent["status"] != "requires_payment_method":
            raise Refusal(400, "intent_invalid_state")
        tips = form.get("process_config[skip_tipping]") == "false"
        self.books.process(intent, tips=tips)
        self._later(self._customer_s, lambda: self._present(intent, TIP if tips else 0))
        return self.books.reader_object()

    def _present(self, intent: Object, tip: int) -> None:
        if self.books.present(intent, tip=tip):
            action = self.books.action or {}
            self._announce(f"terminal.reader.action_{action.get('status')}")

    def _reader(self, reader: str, *, stop: bool) -> Object:
        self._known_reader(reader)
        if stop:
            self.books.action = None
        return self.books.reader_object()

    def _capture(self, intent: Object, form: dict[str, str]) -> Object:
        if intent["status"] != "requires_capture":
            raise Refusal(400, "payment_intent_unexpected_state")
        amount = _amount(form, "amount_to_capture") if "amount_to_capture" in form else None
        if amount is not None and amount > intent["amount_capturable"]:
            raise Refusal(400, "amount_too_large")
        self.books.capture(intent, amount, _metadata(form))
        return intent

    def _release(self, intent: Object) -> Object:
        if intent["status"] in {"succeeded", "canceled", "processing"}:
            raise Refusal(400, "payment_intent_unexpected_state")
        intent |= {"status": "canceled", "amount_capturable": 0}
        return intent

    def _refund(self, form: dict[str, str]) -> Object:
        intent = self._intent(form.get("payment_intent", ""))
        amount = _amount(form, "amount")
        if amount > intent["amount_received"] - self.books.given_back(intent):
            raise Refusal(400, "charge_already_refunded")
        return self.books.refund(intent, amount, _metadata(form))

    def _intent(self, key: str) -> Object:
        intent = self.books.intents.get(key)
        if intent is None:
            raise Refusal(404, "resource_missing")
        return intent

    def _known_reader(self, key: str) -> None:
        if key != self.books.reader:
            raise Refusal(404, "resource_missing")

    def _announce(self, kind: str) -> None:
        self._events += 1
        event = {
            "id": f"evt_{self._events}",
            "object": "event",
            "type": kind,
            "data": {"object": self.books.reader_object()},
        }
        body = json.dumps(event).encode()
        moment = self.books.now() + self._faults.skew_s
        self._tell(
            Hook(body, signed(body, WEBHOOK_SECRET, moment), signed(body, "whsec_x", moment))
        )


def signed(body: bytes, secret: str, moment: int) -> dict[str, str]:
    """Return the header that Stripe signs a webhook with."""
    text = b"%d.%b" % (moment, body)
    signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"}


def _match(request: Request) -> tuple[str, str]:
    for method, pattern, name in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found:
            return name, next(iter(found.groups()), "")
    return "", ""


def _known(form: dict[str, str], allowed: str) -> None:
    for name in form:
        if not re.fullmatch(allowed, name):
            raise Refusal(400, "parameter_unknown")


def _amount(form: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,7}", form.get(name, "")):  # eight digits: docs of `amount`
        raise Refusal(400, "parameter_invalid_integer")
    return int(form[name])


def _metadata(form: dict[str, str]) -> dict[str, str]:
    inside = ((re.fullmatch(r"metadata\[(\w+)\]", name), value) for name, value in form.items())
    return {found[1]: value for found, value in inside if found}


def _page(rows: Sequence[Object], request: Request) -> dict[str, Any]:
    """Return the newest first, as lists are; `starting_after` goes on behind a page's last."""
    since = int(request.query.get("created[gte]", "0"))
    newest = [each for each in reversed(rows) if each["created"] >= since]
    after = request.query.get("starting_after")
    if after is not None:
        newest = newest[[each["id"] for each in newest].index(after) + 1 :]
    limit = int(request.query.get("limit", "10"))
    return {
        "object": "list",
        "url": request.path,
        "has_more": len(newest) > limit,
        "data": newest[:limit],
    }
