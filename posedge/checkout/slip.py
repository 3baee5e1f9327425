"""The card slip of a terminal that gives fields and no text: what the schemes want on it. Pure.

What is not known is left out: an empty line would look like a value. ZVT §6.3 names the fields.
"""

from collections.abc import Iterator

from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.receipt import Align, Columns, Part, Text

_TITLES = {
    AttemptKind.SALE: "CARD PAYMENT",
    AttemptKind.REFUND: "REFUND TO CARD",
    AttemptKind.REVERSAL: "CARD PAYMENT UNDONE",
    AttemptKind.PREAUTH: "RESERVATION",
    AttemptKind.CAPTURE: "CARD PAYMENT",
    AttemptKind.RELEASE: "RESERVATION GIVEN UP",
}


def slip(attempt: Attempt, result: TerminalResult) -> Iterator[Part]:
    """Yield the customer's copy."""
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
            yield Columns(left=left, right=right)
    if result.text:
        yield Text(text=result.text)


def _masked(last4: str) -> str:
    return f"**** {last4}" if last4 else ""
