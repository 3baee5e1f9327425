"""The customer's receipt of a transaction, as a document. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from posedge.checkout.settings import CheckoutSettings
from posedge.checkout.slip import customer_copy
from posedge.model.money import Money
from posedge.model.payment import Attempt
from posedge.model.receipt import Align, Columns, Feed, Part, Picture, Qr, Receipt, Rule, Text
from posedge.model.transaction import Line, Tender, Transaction

PIECE = "C62"
UNITS = {PIECE: "", "KGM": "kg", "GRM": "g", "LTR": "l", "MTR": "m", "MTK": "m²", "HUR": "h"}
"""UN/ECE recommendation 20 as customers read it; what is not here is printed as it came."""

_TITLES = {"refund": "REFUND", "exchange": "EXCHANGE"}
_TENDERS = {"card": "Card", "cash": "Cash", "voucher": "Voucher", "rounding": "Rounding"}


def compose(
    transaction: Transaction,
    attempts: Mapping[str, Attempt],
    settings: CheckoutSettings,
    logo: Picture | None = None,
) -> Receipt:
    """Put the receipt together."""
    return Receipt(
        parts=(
            *((logo,) if logo else ()),
            *(Text(text=line, align=Align.CENTRE) for line in settings.header),
            *_title(transaction),
            Rule(),
            *(part for line in transaction.lines for part in _line(line, transaction)),
            Rule(),
            *_totals(transaction),
            *(part for each in transaction.tenders for part in _tender(each, transaction)),
            *_card_slips(transaction, attempts),
            Rule(),
            *_closing(transaction),
            *(Text(text=line, align=Align.CENTRE) for line in settings.footer),
        )
    )


def _title(transaction: Transaction) -> Iterator[Part]:
    title = _TITLES.get(transaction.kind)
    if title:
        yield Text(text=title, align=Align.CENTRE, bold=True, double=True)


def _line(line: Line, transaction: Transaction) -> Iterator[Part]:
    money = _plain(line.sign * line.gross_minor, transaction)
    yield Columns(left=line.title, right=money)
    if line.quantity != 1 or line.unit != PIECE:
        quantity = f"{_number(line.quantity)} {UNITS.get(line.unit, line.unit)}".rstrip()
        yield Text(text=f"  {quantity} x {_number(line.unit_price)}")
    for discount in line.discounts:
        less = _plain(-line.sign * discount.amount_minor, transaction)
        yield Text(text=f"  incl. {discount.reason} {less}")


def _totals(transaction: Transaction) -> Iterator[Part]:
    total = Money(minor=transaction.total_gross_minor, currency=transaction.currency)
    yield Columns(left="TOTAL", right=str(total), bold=True)
    if transaction.cash_rounding_minor:
        rounding = _plain(transaction.cash_rounding_minor, transaction)
        yield Columns(left="Rounding", right=rounding)
    for tax in transaction.tax_summary:
        base = _plain(tax.base_minor, transaction)
        yield Columns(
            left=f"Tax {_number(tax.rate_percent)} % of {base}",
            right=_plain(tax.amount_minor, transaction),
        )


def _tender(tender: Tender, transaction: Transaction) -> Iterator[Part]:
    card = [tender.scheme, f"*{tender.last4}" if tender.last4 else None]
    name = " ".join([_TENDERS[tender.kind], *(word for word in card if word)])
    if tender.given_minor is None:
        yield Columns(left=name, right=_plain(tender.amount_minor, transaction))
        return
    yield Columns(left=f"{name} given", right=_plain(tender.given_minor, transaction))
    if tender.change_minor:
        yield Columns(left="Change", right=_plain(tender.change_minor, transaction))


def _card_slips(transaction: Transaction, attempts: Mapping[str, Attempt]) -> Iterator[Part]:
    for tender in transaction.tenders:
        attempt = attempts.get(tender.attempt or "")
        if attempt and (parts := tuple(customer_copy(attempt))):
            yield Rule()
            yield from parts


def _closing(transaction: Transaction) -> Iterator[Part]:
    yield Columns(
        left=f"Receipt {transaction.receipt_no}  Till {transaction.till}",
        right=transaction.completed_at[:16].replace("T", " "),
    )
    if transaction.operator:
        yield Text(text=f"Served by {transaction.operator}")
    yield Feed()
    yield Qr(text=transaction.id)


def _plain(minor: int, transaction: Transaction) -> str:
    return str(Money(minor=minor, currency=transaction.currency)).partition(" ")[0]


def _number(value: Decimal) -> str:
    """Write a decimal without trailing zeros or exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
