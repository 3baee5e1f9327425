"""Who signed a webhook: payment providers' signatures over the raw body. Pure.

Stripe: docs.stripe.com/webhooks, `Stripe-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 over
`t.body`. Square: developer.squareup.com, base64 of HMAC-SHA256 over the address and the body.
"""

import base64
import hashlib
import hmac

TOLERANCE_S = 300
"""How old a signature may be, or how far ahead: Stripe's own window against replays."""

MAX_SIGNATURES = 10
"""In one header: while a secret is rolled there are two."""


def stripe_signed(body: bytes, header: str, secret: str, *, now_s: int) -> bool:
    """Whether one of the header's v1 signatures is by `secret`, and fresh."""
    parts = [part.partition("=")[::2] for part in header.split(",")[: MAX_SIGNATURES + 1]]
    moments = [value for name, value in parts if name == "t"]
    if len(moments) != 1 or not (moments[0].isascii() and moments[0].isdecimal()):
        return False
    text = moments[0].encode() + b"." + body
    wanted = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    signed = [_same(wanted, value) for name, value in parts if name == "v1"]
    return any(signed) and abs(now_s - int(moments[0][:12])) <= TOLERANCE_S


def square_signed(body: bytes, header: str, key: str, *, url: str) -> bool:
    """Whether the header is the signature by `key` of this body, sent to `url`."""
    digest = hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()
    return _same(base64.b64encode(digest).decode(), header)


def _same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode(errors="replace"))
