"""What the virtual shop sells. Numbers bear GS1's prefix 952, kept for examples."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from posedge.model.transaction import Line, Tax


@dataclass(frozen=True, slots=True)
class Good:
    """`price_minor` is for one piece or, when `weighed`, for one kilogram; tax included."""

    gtin: str
    title: str
    price_minor: int
    rate_percent: int
    weighed: bool = False


GOODS = (
    Good("9521234000013", "Espresso beans 500 g", 899, 7),
    Good("9521234000020", "Oat drink 1 l", 189, 19),
    Good("9521234000037", "Sourdough loaf", 420, 7),
    Good("9521234000044", "Mountain cheese", 2490, 7, weighed=True),
    Good("9521234000051", "Red apples", 349, 7, weighed=True),
    Good("9521234000068", "Sea salt chocolate", 279, 7),
    Good("9521234000075", "Dish brush", 395, 19),
    Good("9521234000082", "Olive oil 750 ml", 1290, 7),
)


def line(number: int, good: Good, *, pieces: int = 1, weight_g: int | None = None) -> Line:
    """Price one line of a basket; amounts are rounded half up to the minor unit."""
    quantity = Decimal(pieces) if weight_g is None else Decimal(weight_g).scaleb(-3)
    gross = _round(Fraction(quantity) * good.price_minor)
    tax = _round(Fraction(gross * good.rate_percent, 100 + good.rate_percent))
    return Line(
        line_id=str(number),
        sku=good.gtin[-6:],
        gtin=good.gtin.zfill(14),
        title=good.title,
        quantity=quantity,
        unit="C62" if weight_g is None else "KGM",
        unit_price=Decimal(good.price_minor).scaleb(-2),
        gross_minor=gross,
        net_minor=gross - tax,
        taxes=(
            Tax(
                code=f"VAT{good.rate_percent}",
                rate_percent=Decimal(good.rate_percent),
                base_minor=gross - tax,
                amount_minor=tax,
            ),
        ),
    )


def summary(lines: tuple[Line, ...], sign: int = 1) -> tuple[Tax, ...]:
    """Sum the taxes of `lines` by code, as a receipt shows them."""
    codes = dict.fromkeys(tax.code for each in lines for tax in each.taxes)
    return tuple(
        _sum([t for each in lines for t in each.taxes if t.code == code], sign) for code in codes
    )


def _sum(taxes: list[Tax], sign: int) -> Tax:
    base = sign * sum(tax.base_minor for tax in taxes)
    amount = sign * sum(tax.amount_minor for tax in taxes)
    return taxes[0].model_copy(update={"base_minor": base, "amount_minor": amount})


def _round(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
