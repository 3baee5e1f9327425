"""The one transaction of a sale whose tenders have all moved. Pure."""

import re
from collections.abc import Sequence
from decimal import Decimal

from posedge.checkout.plan import Tries, tip_on_top
from posedge.checkout.settings import Identity
from posedge.model.money import Money
from posedge.model.payment import Attempt
from posedge.model.sale import SaleRequest, TenderRequest
from posedge.model.stamp import Stamp
from posedge.model.transaction import Line, Tender, Transaction

_LAST4 = re.compile(r"[0-9]{4}")


def close(
    request: SaleRequest,
    tries: Sequence[Tries],
    identity: Identity,
    *,
    receipt_no: int,
    accepted: Stamp,
    now: Stamp,
) -> Transaction:
    attempts = {each.tender: each.attempt for each in tries}
    tips = {at: tip_on_top(attempt) for at, attempt in attempts.items() if attempt}
    tip_minor = sum(tip.minor for tip in tips.values())
    return Transaction(
        id=request.id,
        tenant=identity.tenant,
        store=identity.store,
        till=request.till,
        kind=request.kind,
        business_day=request.business_day,
        receipt_no=receipt_no,
        started_at=accepted.rfc3339,
        completed_at=now.rfc3339,
        operator=request.operator,
        customer=request.customer,
        currency=request.currency,
        lines=(*request.lines, *(_tip(at, tip) for at, tip in tips.items() if tip.minor)),
        tenders=tuple(
            _tender(f"{at + 1}", tender, attempts.get(at), tips[at].minor if at in tips else 0)
            for at, tender in enumerate(request.tenders)
        ),
        tax_summary=request.tax_summary,
        total_gross_minor=request.total_gross_minor + tip_minor,
        total_tax_minor=request.total_tax_minor,
        cash_rounding_minor=request.cash_rounding_minor,
    )


def _tip(at: int, tip: Money) -> Line:
    """Return the line of a tip that the terminal asked for: the staff's money, free of tax."""
    return Line(
        line_id=f"tip-{at + 1}",
        kind="tip",
        title="Tip",
        quantity=Decimal(1),
        unit_price=tip.decimal,
        gross_minor=tip.minor,
        net_minor=tip.minor,
    )


def _tender(
    tender_id: str, asked: TenderRequest, attempt: Attempt | None, tip_minor: int
) -> Tender:
    plain = Tender(
        tender_id=tender_id, kind=asked.kind, amount_minor=asked.amount_minor + tip_minor
    )
    if asked.given_minor is not None:
        change_minor = asked.given_minor - asked.amount_minor
        return plain.model_copy(
            update={"given_minor": asked.given_minor, "change_minor": change_minor}
        )
    if attempt is None:
        return plain
    return plain.model_copy(update=_card(attempt))


def _card(attempt: Attempt) -> dict[str, str | None]:
    """Return what the terminal said; a terminal that keeps silent leaves fields out."""
    result = attempt.result
    if result is None:
        return {"attempt": attempt.id}
    return {
        "attempt": attempt.id,
        "terminal_id": result.terminal_id or None,
        "receipt_no": result.receipt_no or None,
        "trace_no": result.trace_no or None,
        "auth_code": result.auth_code or None,
        "scheme": result.scheme or None,
        "last4": result.pan_last4 if _LAST4.fullmatch(result.pan_last4) else None,
        "entry": result.entry or None,
    }
