"""An attempt said in ZVT: which command carries it out. Pure."""

from posedge.drivers.zvt_options import ZvtOptions
from posedge.model.errors import NotStarted
from posedge.model.payment import Attempt, AttemptKind
from posedge.wire.zvt.money import (
    Authorisation,
    BookTotal,
    MoneyCommand,
    PartialReversal,
    PreAuthorisation,
    PreAuthReversal,
    Refund,
    Reversal,
)

ANY_CARD = 0x40
"""Payment type: the terminal decides which kind of card it takes."""

MAY_ASK_TIP = 0x08
"""Payment type: the terminal may ask the customer for a tip."""

MAX_MINOR = 10**12 - 1
"""BMP 04 has twelve digits."""

RECEIPT_DIGITS = 4


def command_for(attempt: Attempt, options: ZvtOptions) -> MoneyCommand:
    """Say the attempt in ZVT; NotStarted when that is not possible."""
    minor, number = attempt.amount.minor, options.numeric
    foreign = attempt.amount.currency != options.currency
    if foreign or not 0 < minor <= MAX_MINOR:
        text = f"this terminal takes amounts in {options.currency}, not {attempt.amount}"
        raise NotStarted("terminal.amount", text)
    match attempt.kind:
        case AttemptKind.SALE:
            return _authorisation(attempt, number)
        case AttemptKind.REFUND:
            return Refund(options.password, minor, number)
        case AttemptKind.REVERSAL:
            return Reversal(options.password, _receipt_no(attempt), minor, number)
        case AttemptKind.PREAUTH:
            return PreAuthorisation(minor, number, ANY_CARD)
        case AttemptKind.CAPTURE:
            return _capture(attempt, options)
        case AttemptKind.RELEASE:
            return PreAuthReversal(_receipt_no(attempt), currency=number, payment_type=ANY_CARD)


def _authorisation(attempt: Attempt, number: int) -> Authorisation:
    return Authorisation(
        attempt.amount.minor,
        number,
        ANY_CARD | (MAY_ASK_TIP if attempt.asks_tip else 0),
        tip_minor=attempt.tip.minor if attempt.tip else None,
        cashback_minor=attempt.cashback.minor if attempt.cashback else None,
        partial=attempt.partial,
    )


def _capture(attempt: Attempt, options: ZvtOptions) -> BookTotal | PartialReversal:
    """Book by what the terminal knows: the used part, or by what is left over."""
    receipt_no, number = _receipt_no(attempt), options.numeric
    if options.capture == "book-total":
        return BookTotal(receipt_no, attempt.amount.minor, number, ANY_CARD)
    if attempt.original_amount is None:
        raise NotStarted("terminal.receiptless", "the reserved amount is not known")
    unused = attempt.original_amount.minor - attempt.amount.minor
    return PartialReversal(receipt_no, unused, number, ANY_CARD)


def _receipt_no(attempt: Attempt) -> str:
    receipt_no = attempt.original_receipt_no or ""
    if not (receipt_no.isdecimal() and len(receipt_no) <= RECEIPT_DIGITS):
        text = f"a {attempt.kind.value} needs the receipt number of the original payment"
        raise NotStarted("terminal.receiptless", text)
    return receipt_no
