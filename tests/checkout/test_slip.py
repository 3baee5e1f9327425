from posedge.checkout.slip import slip
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.receipt import Columns, Text
from posedge.model.stamp import Stamp
from tests.doubles.counter import euros

NOW = Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=True)


def shown(result: TerminalResult, kind: AttemptKind = AttemptKind.SALE) -> list[str]:
    attempt = Attempt(
        id="p1",
        sale="s1",
        till="till-1",
        kind=kind,
        terminal="front",
        amount=euros(1190),
        state=State.APPROVED,
        created=NOW,
        result=result,
    )
    return [
        f"{part.left}|{part.right}" if isinstance(part, Columns) else part.text
        for part in slip(attempt, result)
        if isinstance(part, Columns | Text)
    ]


def test_every_field_that_is_known_is_on_it() -> None:
    result = TerminalResult(
        approved=True,
        amount=euros(1190),
        tip=euros(100),
        cashback=euros(200),
        code="00",
        text="thank you",
        terminal_id="66000042",
        receipt_no="0101",
        trace_no="000101",
        auth_code="047110",
        scheme="girocard",
        pan_last4="0010",
        entry="contactless",
        terminal_time="11-23 06:00:00",
        merchant_no="455603746",
        aid="a0000003591010",
        cvm="PIN, online",
        tvr="0000008000",
        tsi="e800",
        cryptogram="0123456789abcdef",
    )
    assert shown(result) == [
        "CARD PAYMENT",
        "Card|girocard **** 0010",
        "Read|contactless",
        "Amount|11.90 EUR",
        "of which tip|1.00 EUR",
        "of which cash|2.00 EUR",
        "Terminal|66000042",
        "Merchant|455603746",
        "Date|11-23 06:00:00",
        "Trace|000101",
        "Slip|0101",
        "Authorisation|047110",
        "Application|a0000003591010",
        "Verified by|PIN, online",
        "TVR|0000008000",
        "TSI|e800",
        "Cryptogram|0123456789abcdef",
        "Result|approved 00",
        "thank you",
    ]


def test_what_is_not_known_is_left_out() -> None:
    assert shown(TerminalResult(approved=True), AttemptKind.REFUND) == [
        "REFUND TO CARD",
        "Amount|11.90 EUR",
        "Result|approved",
    ]


def test_a_terminal_that_says_too_much_stops_no_sale() -> None:
    said = shown(TerminalResult(approved=True, text="t" * 5000, auth_code="a" * 5000))
    assert [len(each) for each in said[-4:]] == [len("Authorisation|") + 4096, 15, 4096, 904]
