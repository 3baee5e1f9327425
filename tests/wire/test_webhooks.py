"""Signatures of webhooks: vectors that the vendors' own verifiers accept, and those verifiers."""

import hashlib
import hmac

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from square.utils.webhooks_helper import verify_signature

from posedge.wire.webhooks import TOLERANCE_S, square_signed, stripe_signed

STRIPE_BODY = (
    b'{"id":"evt_1","object":"event","type":"terminal.reader.action_succeeded","data":{"object":'
    b'{"id":"tmr_1","object":"terminal.reader","action":{"status":"succeeded","type":'
    b'"process_payment_intent","process_payment_intent":{"payment_intent":"pi_1"}}}}}'
)
STRIPE_SECRET = "whsec_test_secret"
STRIPE_V1 = "ca191456465a879ad0da6f1f4e974fd6d5db96a5f0e01518e6385030268c6063"
SIGNED_S = 1_700_000_000
HEADER = f"t={SIGNED_S},v1={STRIPE_V1}"

SQUARE_BODY = (
    b'{"merchant_id":"M1","type":"terminal.checkout.updated","event_id":"e1","data":{"type":'
    b'"checkout.event","id":"chk1","object":{"checkout":{"id":"chk1","status":"COMPLETED",'
    b'"payment_ids":["p1"]}}}}'
)
SQUARE_KEY = "sq_test_key"
SQUARE_URL = "https://hq.example.test/hooks/square"
SQUARE_SIGNATURE = "QhY/Lyp3cLYUMvRaYT4sFVMkE86G+1OJJD8rh/HxHik="


@pytest.mark.parametrize("late_s", [0, TOLERANCE_S, -TOLERANCE_S])
def test_stripes_vector(late_s: int) -> None:
    assert stripe_signed(STRIPE_BODY, HEADER, STRIPE_SECRET, now_s=SIGNED_S + late_s)
    assert stripe.WebhookSignature.verify_header(STRIPE_BODY, HEADER, STRIPE_SECRET)


@pytest.mark.parametrize("late_s", [TOLERANCE_S + 1, -TOLERANCE_S - 1])
def test_a_replayed_one_is_refused(late_s: int) -> None:
    assert not stripe_signed(STRIPE_BODY, HEADER, STRIPE_SECRET, now_s=SIGNED_S + late_s)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"v1={STRIPE_V1}",
        f"t={SIGNED_S}",
        f"t={SIGNED_S},v0={STRIPE_V1}",
        f"t={SIGNED_S + 1},v1={STRIPE_V1}",
        f"t={SIGNED_S},t={SIGNED_S},v1={STRIPE_V1}",
        f"t=x,v1={STRIPE_V1}",
        f"t={SIGNED_S},v1=\udcff",
        f"t={SIGNED_S}," + "v1=00," * 20 + f"v1={STRIPE_V1}",
    ],
)
def test_what_stripe_did_not_sign(header: str) -> None:
    assert not stripe_signed(STRIPE_BODY, header, STRIPE_SECRET, now_s=SIGNED_S)


def test_any_of_stripes_signatures_may_fit() -> None:
    rolled = f"t={SIGNED_S},v1=00,v1={STRIPE_V1}"
    assert stripe_signed(STRIPE_BODY, rolled, STRIPE_SECRET, now_s=SIGNED_S)
    assert not stripe_signed(STRIPE_BODY + b" ", rolled, STRIPE_SECRET, now_s=SIGNED_S)
    assert not stripe_signed(STRIPE_BODY, rolled, "whsec_other", now_s=SIGNED_S)


def test_squares_vector() -> None:
    assert square_signed(SQUARE_BODY, SQUARE_SIGNATURE, SQUARE_KEY, url=SQUARE_URL)
    assert verify_signature(
        request_body=SQUARE_BODY.decode(),
        signature_header=SQUARE_SIGNATURE,
        signature_key=SQUARE_KEY,
        notification_url=SQUARE_URL,
    )


@pytest.mark.parametrize(
    ("body", "header", "key", "url"),
    [
        (SQUARE_BODY + b" ", SQUARE_SIGNATURE, SQUARE_KEY, SQUARE_URL),
        (SQUARE_BODY, "", SQUARE_KEY, SQUARE_URL),
        (SQUARE_BODY, SQUARE_SIGNATURE, "other", SQUARE_URL),
        (SQUARE_BODY, SQUARE_SIGNATURE, SQUARE_KEY, SQUARE_URL + "/other"),
    ],
)
def test_what_square_did_not_sign(body: bytes, header: str, key: str, url: str) -> None:
    assert not square_signed(body, header, key, url=url)


@given(st.text(max_size=200), st.text(min_size=1, max_size=20), st.text(max_size=80))
def test_the_vendors_verifiers_agree(body: str, secret: str, header: str) -> None:
    raw, name = body.encode(), f"whsec_{secret}"
    text = f"{SIGNED_S}.".encode() + raw
    good = hmac.new(name.encode(), text, hashlib.sha256).hexdigest()
    for given_header in (header, f"t={SIGNED_S},v1={good}"):
        ours = stripe_signed(raw, given_header, name, now_s=SIGNED_S)
        try:
            theirs = stripe.WebhookSignature.verify_header(raw, given_header, name)
        except stripe.SignatureVerificationError:
            theirs = False
        assert ours is bool(theirs)
