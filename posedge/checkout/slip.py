"""The card slips of a payment, for the customer and for the shop. Pure.

The terminal's own text stands as it came: the schemes' rules vary, and change. Where it gives
none, the slip is made of the fields that it gave. What is not known is left out: an empty line
would look like a value. ZVT §6.3 names the fields.
"""

from collections.abc import Iterable, Iterator

from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.receipt import MAX_TEXT, Align, Columns, Feed, Part, Receipt, Rule, Text

_TITLES = {
    AttemptKind.SALE: "CARD PAYMENT",
    AttemptKind.REFUND: "REFUND TO CARD",
    AttemptKind.REVERSAL: "CARD PAYMENT UNDONE",
    AttemptKind.PREAUTH: "RESERVATION",
    AttemptKind.CAPTURE: "CARD PAYMENT",
    AttemptKind.RELEASE: "RESERVATION GIVEN UP",
}


def customer_copy(attempt: Attempt) -> Iterator[Part]:
    """Yield nothing where the terminal has said nothing."""
    if attempt.customer_receipt:
        yield from _whole(attempt.customer_receipt)
    elif attempt.result:
        yield from slip(attempt, attempt.result)


def merchant_copy(attempt: Attempt) -> Iterator[Part]:
    """Yield nothing where the terminal has said nothing."""
    if attempt.merchant_receipt:
        yield from _whole(attempt.merchant_receipt)
    elif attempt.result:
        yield Text(text="MERCHANT COPY", align=Align.CENTRE)
        yield from slip(attempt, attempt.result)
        if attempt.result.signature:
            yield Feed(lines=3)
            yield Rule()
            yield Text(text="Signature", align=Align.CENTRE)


def merchant_copies(attempts: Iterable[Attempt]) -> Receipt | None:
    """Return what the shop keeps of a sale's payments; None when nothing was approved by card."""
    copies = [tuple(merchant_copy(each)) for each in attempts if each.approved.minor]
    parts = [part for copy in copies if copy for part in (Rule(), *copy)]
    return Receipt(parts=tuple(parts[1:])) if parts else None


def slip(attempt: Attempt, result: TerminalResult) -> Iterator[Part]:
    yield Text(text=_TITLES[attempt.kind], align=Align.CENTRE, bold=True)
    named = {
        "Card": " ".join(filter(None, (result.scheme, _masked(result.pan_last4)))),
        "Read": result.entry,
        "Amount": str(attempt.approved),
        "of which tip": str(result.tip) if result.tip else "",
        "of which cash": str(result.cashback) if result.cashback else "",
        "Terminal": result.terminal_id,
        "Merchant": result.merchant_no,
        "Date": result.terminal_time,
        "Trace": result.trace_no,
        "Slip": result.receipt_no,
        "Authorisation": result.auth_code,
        "Application": result.aid,
        "Verified by": result.cvm,
        "TVR": result.tvr,
        "TSI": result.tsi,
        "Cryptogram": result.cryptogram,
        "Result": " ".join(filter(None, ("approved" if result.approved else "", result.code))),
    }
    for left, right in named.items():
        if right:
            yield Columns(left=left, right=right[:MAX_TEXT])
    if result.text:
        yield from _whole((result.text,))


def _whole(lines: Iterable[str]) -> Iterator[Part]:
    for line in lines:
        for start in range(0, max(1, len(line)), MAX_TEXT):
            yield Text(text=line[start : start + MAX_TEXT])


def _masked(last4: str) -> str:
    return f"**** {last4}" if last4 else ""
