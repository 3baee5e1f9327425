from decimal import Decimal

import pytest

from posedge.checkout.faces import of_basket, of_thanks, rows
from posedge.checkout.settings import DisplaySettings
from posedge.model.display import Item, Row, Showing, Stage
from posedge.model.money import Money
from tests.doubles.store import basket, card, cash, line

WORDS = DisplaySettings(welcome=("Welcome", "to ACME"), total="Sum")


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


GOODS = tuple(
    Item(title=title, amount=euros(minor)) for title, minor in (("Tea", 250), ("Jam", 399))
)
BASKET = Showing(stage=Stage.BASKET, items=GOODS, total=euros(649))
TOTAL = Row(left="Sum", right="6.49 EUR")


@pytest.mark.parametrize(
    ("height", "said"),
    [
        (1, (TOTAL,)),
        (2, (Row(left="Jam", right="3.99"), TOTAL)),
        (4, (Row(left="Tea", right="2.50"), Row(left="Jam", right="3.99"), TOTAL)),
    ],
)
def test_the_last_items_and_the_total(height: int, said: tuple[Row, ...]) -> None:
    assert rows(BASKET, WORDS, height) == said


@pytest.mark.parametrize(
    ("showing", "said"),
    [
        (Showing(), (Row(left="Welcome"), Row(left="to ACME"))),
        (Showing(stage=Stage.TEXT, text=("Till closed",)), (Row(left="Till closed"),)),
        (
            Showing(stage=Stage.PAYING, items=GOODS, total=euros(649), prompt="Insert card"),
            (Row(left="Insert card"), TOTAL),
        ),
        (
            Showing(stage=Stage.THANKS, total=euros(649), change=euros(51), prompt="Thanks"),
            (Row(left="Thanks"), Row(left="Change", right="0.51 EUR")),
        ),
        (Showing(stage=Stage.BASKET, items=GOODS[:1]), (Row(left="Tea", right="2.50"),)),
        (Showing(stage=Stage.BASKET, total=euros(0)), (Row(left="Sum", right="0.00 EUR"),)),
    ],
)
def test_every_stage_on_two_rows(showing: Showing, said: tuple[Row, ...]) -> None:
    assert rows(showing, WORDS, 2) == said


def test_a_sale_as_the_customer_reads_it() -> None:
    weighed = line(2, minor=1026, quantity="0.412").model_copy(
        update={"unit": "KGM", "unit_price": Decimal("24.90")}
    )
    several = line(3, minor=600, quantity="3").model_copy(update={"unit_price": Decimal("2.00")})
    back = line(4, minor=100, original="0199c2d4-6b0e-7c31-9a55-0f1e2d3c4b5a")
    request = basket(1, card(2714), rounding=-2, lines=(line(minor=1190), weighed, several, back))
    showing = of_basket(request, Stage.PAYING, "Insert card")
    assert [each.detail for each in showing.items] == [
        "",
        "0.412 kg \N{MULTIPLICATION SIGN} 24.90",
        "3 \N{MULTIPLICATION SIGN} 2.00",
        "",
    ]
    assert [each.amount.minor for each in showing.items] == [1190, 1026, 600, -100]
    assert (showing.total, showing.prompt) == (euros(2714), "Insert card")


def test_thanks_tell_the_change() -> None:
    paid = of_thanks(basket(1, cash(1190, given=2000)), "Bye")
    assert (paid.stage, paid.change, paid.prompt) == (Stage.THANKS, euros(810), "Bye")
    assert of_thanks(basket(1, card(1190)), "Bye").change is None
    assert of_thanks(basket(1, cash(1190, given=1190)), "Bye").change is None
