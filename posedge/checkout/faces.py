"""What a customer is to see, from a sale; and a few rows of text from that. Pure."""

from collections.abc import Iterator

from posedge.checkout.settings import DisplaySettings
from posedge.model.display import Item, Row, Showing, Stage
from posedge.model.money import Money
from posedge.model.sale import SaleRequest
from posedge.model.transaction import Line

PIECE = "C62"
"""UN/ECE Recommendation 20: one piece."""

SYMBOLS = {"KGM": "kg", "GRM": "g", "LTR": "l", "MTR": "m"}

TITLE = 200


def of_basket(request: SaleRequest, stage: Stage, prompt: str = "") -> Showing:
    items = (_item(line, request.currency) for line in request.lines)
    due = request.total_gross_minor + request.cash_rounding_minor
    total = Money(minor=due, currency=request.currency)
    return Showing(stage=stage, items=tuple(items), total=total, prompt=prompt)


def of_thanks(request: SaleRequest, thanks: str) -> Showing:
    given = [(each.given_minor, each.amount_minor) for each in request.tenders]
    change = sum(minor - amount for minor, amount in given if minor is not None)
    back = Money(minor=change, currency=request.currency) if change else None
    return of_basket(request, Stage.THANKS, thanks).model_copy(update={"change": back})


def rows(showing: Showing, words: DisplaySettings, height: int) -> tuple[Row, ...]:
    """Say it in `height` rows: of a basket the last items, and below them the total."""
    match showing.stage:
        case Stage.TEXT:
            return tuple(Row(left=text) for text in showing.text)
        case Stage.IDLE:
            return tuple(Row(left=text) for text in words.welcome)
        case Stage.BASKET:
            above = [Row(left=item.title, right=_amount(item.amount)) for item in showing.items]
        case Stage.PAYING | Stage.THANKS:
            above = [Row(left=showing.prompt)]
    below = tuple(_sums(showing, words))[:height]
    return (*above[len(above) - max(0, min(len(above), height - len(below))) :], *below)


def _sums(showing: Showing, words: DisplaySettings) -> Iterator[Row]:
    """Yield what matters most last: what a customer gets back, else what is to pay."""
    if showing.change is not None:
        yield Row(left=words.change, right=str(showing.change))
    elif showing.total is not None:
        yield Row(left=words.total, right=str(showing.total))


def _item(line: Line, currency: str) -> Item:
    amount = Money(minor=line.sign * line.gross_minor, currency=currency)
    return Item(title=line.title[:TITLE], detail=_detail(line), amount=amount)


def _detail(line: Line) -> str:
    """Return `0.412 kg x 24.90`; nothing for one piece, whose price is its amount."""
    if line.unit == PIECE and line.quantity == 1:
        return ""
    unit = "" if line.unit == PIECE else f" {SYMBOLS.get(line.unit, line.unit)}"
    return f"{line.quantity.normalize():f}{unit} \N{MULTIPLICATION SIGN} {line.unit_price:f}"


def _amount(money: Money) -> str:
    return str(money).removesuffix(f" {money.currency}")
