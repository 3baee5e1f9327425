"""Goods that come back: not more than was sold, less what came back before. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from pydantic import TypeAdapter

from posedge.model.errors import MisuseError
from posedge.model.sale import SaleRequest
from posedge.model.transaction import Line, Original, Transaction
from posedge.model.value import Value


class Returned(Value):
    """What one refund takes back of one line."""

    line_id: str
    quantity: Decimal
    gross_minor: int


RETURNED: TypeAdapter[tuple[Returned, ...]] = TypeAdapter(tuple[Returned, ...])


def note(sale: str, refund: str) -> str:
    """Return the name of the journal's note on what `refund` takes back of `sale`."""
    return f"returned/{sale}/{refund}"


def returns(request: SaleRequest) -> tuple[tuple[Line, Original], ...]:
    """Return the lines that give something of an earlier sale back."""
    named = ((line, line.original) for line in request.lines if line.kind == "return")
    return tuple((line, original) for line, original in named if original is not None)


def originals(request: SaleRequest) -> frozenset[str]:
    return frozenset(original.sale_id for _, original in returns(request))


def notes(request: SaleRequest) -> dict[str, str]:
    """Return the notes that reserve what `request` takes back."""
    found: dict[str, list[Returned]] = {}
    for line, original in returns(request):
        back = Returned(
            line_id=original.line_id, quantity=line.quantity, gross_minor=line.gross_minor
        )
        found.setdefault(original.sale_id, []).append(back)
    return {
        note(sale, request.id): RETURNED.dump_json(tuple(each)).decode()
        for sale, each in found.items()
    }


def check_without_receipt(request: SaleRequest) -> None:
    """Raise MisuseError when goods come back without a receipt and nobody answers for it."""
    alone = [line for line in request.lines if line.kind == "return" and line.original is None]
    if alone and not request.operator:
        raise MisuseError(
            "refund.operator_missing",
            f"line {alone[0].line_id} names no original: name the operator who takes it back",
        )


def check_against(
    request: SaleRequest, sold: Transaction, before: Mapping[str, Iterable[Returned]]
) -> None:
    """Raise MisuseError when `request` wants more of `sold` than is left.

    `before` is what earlier refunds took back, by refund.
    """
    if sold.currency != request.currency:
        raise MisuseError("refund.currency", f"sale {sold.id} was in {sold.currency}")
    taken = [back for refund, each in before.items() if refund != request.id for back in each]
    for line, original in returns(request):
        if original.sale_id == sold.id:
            _check_line(line, original, sold, taken)
            taken.append(
                Returned(
                    line_id=original.line_id,
                    quantity=line.quantity,
                    gross_minor=line.gross_minor,
                )
            )


def _check_line(line: Line, original: Original, sold: Transaction, taken: list[Returned]) -> None:
    first = next((each for each in sold.lines if each.line_id == original.line_id), None)
    if first is None or first.kind == "return" or first.sku != line.sku:
        raise MisuseError(
            "refund.not_sold",
            f"line {line.line_id}: sale {sold.id} has no such line {original.line_id}",
        )
    same = [each for each in taken if each.line_id == original.line_id]
    quantity = first.quantity - sum((each.quantity for each in same), Decimal(0))
    gross_minor = first.gross_minor - sum(each.gross_minor for each in same)
    if line.quantity > quantity or line.gross_minor > gross_minor:
        raise MisuseError(
            "refund.too_much",
            f"line {line.line_id}: {quantity} for {gross_minor} minor units is left to return",
        )
