from decimal import Decimal

from posedge.checkout.admission import MAX_REQUEST_BYTES
from posedge.checkout.closing import close
from posedge.checkout.plan import Tries
from posedge.checkout.receipts import compose
from posedge.checkout.settings import CheckoutSettings
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.receipt import Columns, Qr, Receipt, Text
from posedge.model.sale import SaleRequest
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.transaction import Discount, Transaction
from tests.doubles.counter import euros
from tests.doubles.store import IDENTITY, basket, card, cash, line, sale_id

NOW = Stamp(utc_ns=1_795_500_000 * NS_PER_S, monotonic_ns=0, boot_id="a", trusted=True)
SLIP = ("   CARD PAYMENT   ", "", "AID A000000359")


def attempt(last4: str = "0010", result: bool = True) -> Attempt:
    said = TerminalResult(approved=True, scheme="girocard", pan_last4=last4, auth_code="047110")
    return Attempt(
        id="p1",
        sale=sale_id(1),
        till="till-1",
        kind=AttemptKind.SALE,
        terminal="front",
        amount=euros(1190),
        state=State.APPROVED,
        created=NOW,
        result=said if result else None,
        customer_receipt=SLIP,
    )


def closed(request: SaleRequest, paid: Attempt | None = None) -> Transaction:
    tries = [Tries(0, paid)] if paid else []
    return close(request, tries, IDENTITY, receipt_no=7, accepted=NOW, now=NOW)


def lines(receipt: Receipt) -> list[str]:
    found: list[str] = []
    for part in receipt.parts:
        if isinstance(part, Columns):
            found.append(f"{part.left}|{part.right}")
        elif isinstance(part, Text | Qr):
            found.append(part.text)
    return found


def test_a_card_receipt_from_top_to_bottom() -> None:
    transaction = closed(basket(1, card(1190), operator="ina"), attempt())
    settings = CheckoutSettings(header=("ACME",), footer=("Thank you",))
    receipt = compose(transaction, {"p1": attempt()}, settings)
    assert lines(receipt) == [
        "ACME",
        "Goods 1|11.90",
        "TOTAL|11.90 EUR",
        "Tax 19 % of 10.00|1.90",
        "Card girocard *0010|11.90",
        *SLIP,
        "Receipt 7  Till till-1|2026-11-24 06:00",
        "Served by ina",
        sale_id(1),
        "Thank you",
    ]
    assert receipt.copy_of is None


def test_cash_change_rounding_quantities_and_discounts() -> None:
    goods = line(1, minor=1192, quantity="0.500").model_copy(
        update={
            "unit": "KGM",
            "unit_price": Decimal("24.840"),
            "discounts": (Discount(reason="member", amount_minor=50),),
        }
    )
    request = basket(1, cash(1190, given=2000), lines=(goods,), rounding=-2)
    shown = lines(compose(closed(request), {}, CheckoutSettings()))
    assert shown[:8] == [
        "Goods 1|11.92",
        "  0.5 kg x 24.84",
        "  incl. member -0.50",
        "TOTAL|11.92 EUR",
        "Rounding|-0.02",
        "Tax 19 % of 10.02|1.90",
        "Cash given|20.00",
        "Change|8.10",
    ]


def test_exact_cash_has_no_change_and_pieces_no_unit() -> None:
    goods = line(1, quantity="2").model_copy(update={"unit_price": Decimal("5.95")})
    shown = lines(
        compose(closed(basket(1, cash(1190, 1190), lines=(goods,))), {}, CheckoutSettings())
    )
    assert "  2 x 5.95" in shown
    assert "Cash given|11.90" in shown
    assert not [each for each in shown if each.startswith("Change")]


def test_a_refund_says_what_it_is() -> None:
    back = (line(1, original=sale_id(2)),)
    shown = lines(compose(closed(basket(1, cash(-1190), lines=back)), {}, CheckoutSettings()))
    assert shown[:4] == ["REFUND", "Goods 1|-11.90", "TOTAL|-11.90 EUR", "Tax 19 % of -10.00|-1.90"]
    assert "Cash|-11.90" in shown


def test_a_terminal_that_says_little_leaves_fields_out() -> None:
    odd = closed(basket(1, card(1190)), attempt(last4="10"))
    assert odd.tenders[0].last4 is None
    silent = closed(basket(1, card(1190)), attempt(result=False))
    assert (silent.tenders[0].attempt, silent.tenders[0].scheme) == ("p1", None)
    assert "Card|11.90" in lines(compose(silent, {}, CheckoutSettings()))


def test_the_largest_basket_and_the_longest_slip_fit_on_a_receipt() -> None:
    reductions = tuple(Discount(reason="x", amount_minor=0) for _ in range(2900))
    request = basket(1, card(1190), lines=(line().model_copy(update={"discounts": reductions}),))
    assert len(request.model_dump_json()) < MAX_REQUEST_BYTES
    slip = ("y" * 5000, *("z" for _ in range(399)))
    paid = attempt().model_copy(update={"customer_receipt": slip})
    printed = lines(compose(closed(request, paid), {"p1": paid}, CheckoutSettings()))
    assert "".join(printed).count("y" * 904) == 5
    assert printed.count("z") == 399


def test_a_unit_that_customers_do_not_know_is_printed_as_it_came() -> None:
    goods = line(1, quantity="3").model_copy(update={"unit": "BX", "unit_price": Decimal("5.95")})
    shown = lines(compose(closed(basket(1, cash(1190), lines=(goods,))), {}, CheckoutSettings()))
    assert "  3 BX x 5.95" in shown
