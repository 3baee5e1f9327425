"""Requests and answers, as docs.adyen.com and Adyen's mock terminal show them."""

import base64
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.answers import Outcome, Response, Result, Status, additional
from posedge.wire.nexo.crypto import SecurityKey
from posedge.wire.nexo.envelope import Answer, Notice, opened, sealed
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.notation import Fields, fields, read, write
from posedge.wire.nexo.receipts import slips
from posedge.wire.nexo.requests import (
    Abort,
    Diagnosis,
    Login,
    Payment,
    Reconciliation,
    Reference,
    Request,
    Reversal,
    SaleTransaction,
    TransactionStatus,
    to_json,
)

KEY = Key("POSSystemID12345", "0207111104", "V400m-324688042")
HEADER = Header(Category.PAYMENT, KEY)
SALE = SaleTransaction("27908", "2019-03-07T10:11:04.000Z")
SHARED = SecurityKey.derive("mysupersecretpassphrase", "mykey", 1)
NONCE = bytes(range(16))
HEAD = (
    b'{"SaleToPOIRequest":{"MessageHeader":{"ProtocolVersion":"3.0","MessageClass":"Service",'
    b'"MessageCategory":"%s","MessageType":"Request","SaleID":"POSSystemID12345",'
    b'"ServiceID":"0207111104","POIID":"V400m-324688042"},'
)
SALE_DATA = (
    b'"SaleData":{"SaleTransactionID":{"TransactionID":"27908",'
    b'"TimeStamp":"2019-03-07T10:11:04.000Z"},"SaleToAcquirerData":"tenderOption=%s"}'
)
MESSAGES: list[tuple[Request, bytes, bytes]] = [
    (
        Payment(SALE, Decimal("10.99"), "EUR"),
        b"Payment",
        b'"PaymentRequest":{' + SALE_DATA % b"ReceiptHandler" + b',"PaymentTransaction":'
        b'{"AmountsReq":{"Currency":"EUR","RequestedAmount":10.99}}}}}',
    ),
    (
        Payment(
            SALE, Decimal("12.00"), "AUD", Decimal("1.50"), Decimal("2.00"), True,
            ("ReceiptHandler", "AskGratuity", "AllowPartialAuthorisation"),
        ),
        b"Payment",
        b'"PaymentRequest":{' + SALE_DATA % b"ReceiptHandler,AskGratuity,AllowPartialAuthorisation"
        + b',"PaymentTransaction":{"AmountsReq":{"Currency":"AUD","RequestedAmount":12.00,'
        b'"TipAmount":1.50,"CashBackAmount":2.00}},"PaymentData":{"PaymentType":"Refund"}}}}',
    ),
    (
        Reversal(SALE, "BV0q001643892070000.9876543210987654", "2022-02-03T12:41:10.000Z"),
        b"Reversal",
        b'"ReversalRequest":{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":'
        b'"BV0q001643892070000.9876543210987654","TimeStamp":"2022-02-03T12:41:10.000Z"}},'
        b'"ReversalReason":"MerchantCancel",' + SALE_DATA % b"ReceiptHandler" + b"}}}",
    ),
    (
        Reversal(SALE, "B.9", "2022-02-03T12:41:10.000Z", Decimal("5.00")),
        b"Reversal",
        b'"ReversalRequest":{"OriginalPOITransaction":{"POITransactionID":{"TransactionID":"B.9",'
        b'"TimeStamp":"2022-02-03T12:41:10.000Z"}},"ReversalReason":"MerchantCancel",'
        + SALE_DATA % b"ReceiptHandler" + b',"ReversedAmount":5.00}}}',
    ),
    (
        TransactionStatus(Reference(Category.PAYMENT, KEY)),
        b"TransactionStatus",
        (b'"TransactionStatusRequest":{"ReceiptReprintFlag":true,"DocumentQualifier":'
        b'["CashierReceipt","CustomerReceipt"],"MessageReference":{"MessageCategory":"Payment",'
        b'"SaleID":"POSSystemID12345","ServiceID":"0207111104"}}}}'),
    ),
    (
        Abort(Reference(Category.PAYMENT, KEY)),
        b"Abort",
        (b'"AbortRequest":{"AbortReason":"MerchantAbort","MessageReference":{"MessageCategory":'
        b'"Payment","SaleID":"POSSystemID12345","ServiceID":"0207111104"}}}}'),
    ),
    (Diagnosis(), b"Diagnosis", b'"DiagnosisRequest":{"HostDiagnosisFlag":false}}}'),
    (
        Login("2026-11-23T12:00:00.000Z", "0.1.0"),
        b"Login",
        (b'"LoginRequest":{"DateTime":"2026-11-23T12:00:00.000Z","SaleSoftware":{"ManufacturerID":'
        b'"posedge","ApplicationName":"posedge","SoftwareVersion":"0.1.0","CertificationCode":'
        b'"none"},"OperatorLanguage":"en"}}}'),
    ),
    (
        Reconciliation(),
        b"Reconciliation",
        b'"ReconciliationRequest":{"ReconciliationType":"SaleReconciliation"}}}',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "category", "body"), MESSAGES)
def test_what_a_till_says_byte_for_byte(request_: Request, category: bytes, body: bytes) -> None:
    assert to_json(Header(request_.category, KEY), request_) == HEAD % category + body


@pytest.mark.parametrize(("request_", "category", "body"), MESSAGES)
def test_what_a_till_said_is_read_back(request_: Request, category: bytes, body: bytes) -> None:
    said = fields(read(to_json(Header(request_.category, KEY), request_)), "SaleToPOIRequest")
    assert Header.from_fields(fields(said, "MessageHeader")) == Header(request_.category, KEY)
    inner = fields(said, f"{request_.category}Request")
    match request_:
        case Payment():
            assert Payment.from_fields(inner) == request_
        case Reversal():
            assert Reversal.from_fields(inner) == request_
        case TransactionStatus() | Abort():
            reference = fields(inner, "MessageReference")
            assert Reference.from_fields(reference, KEY.poiid) == request_.of
        case Diagnosis() | Login() | Reconciliation():
            assert inner == request_.to_fields()


def test_a_payment_without_an_amount_is_none() -> None:
    assert Payment.from_fields({}) is None
    assert (
        Payment.from_fields({"PaymentTransaction": {"AmountsReq": {"RequestedAmount": 1}}}) is None
    )


def test_options_come_as_json_too() -> None:
    encoded = base64.b64encode(b'{"tenderOption":"AskGratuity,ReceiptHandler"}').decode()
    body: Fields = {
        "PaymentTransaction": {"AmountsReq": {"Currency": "EUR", "RequestedAmount": 1}},
        "SaleData": {"SaleToAcquirerData": encoded},
    }
    read_ = Payment.from_fields(body)
    assert read_ is not None
    assert read_.options == ("AskGratuity", "ReceiptHandler")


def test_a_key_is_written_and_read() -> None:
    assert Key.parse(str(KEY)) == KEY
    assert [Key.parse(each) for each in ("", "a/b", "a//c", "a/b/c/d")] == [None] * 4


def test_an_event_is_a_class_of_its_own() -> None:
    assert Header(Category.EVENT, KEY).to_fields()["MessageClass"] == "Event"


RESULT: Fields = {
    "Response": {
        "Result": "Success",
        "AdditionalResponse": "tid=75069402&AID=A0000000041010&expiryYear=2030&pspReference=88"
        "&cardHolderName=DOE%2FJOHN&message=a%20b",
    },
    "SaleData": {"SaleTransactionID": {"TransactionID": "27908"}},
    "POIData": {
        "POITransactionID": {"TransactionID": "BV0q.88", "TimeStamp": "2022-02-03T12:41:10.000Z"}
    },
    "PaymentResult": {
        "AmountsResp": {
            "AuthorizedAmount": Decimal("12.10"),
            "Currency": "EUR",
            "TipAmount": Decimal("1.10"),
            "CashBackAmount": 2,
        },
        "PaymentAcquirerData": {
            "ApprovalCode": "123456",
            "AcquirerTransactionID": {"TransactionID": "88"},
        },
        "PaymentInstrumentData": {
            "CardData": {
                "MaskedPan": "541333 **** 0010",
                "EntryMode": ["Contactless"],
                "PaymentBrand": "mc",
            }
        },
    },
    "PaymentReceipt": [
        {
            "DocumentQualifier": "CustomerReceipt",
            "OutputContent": {
                "OutputFormat": "Text",
                "OutputText": [
                    {"Text": "name=Caf%C3%A9%20Adyen&key=header", "EndOfLineFlag": True},
                    {"Text": "key=filler", "EndOfLineFlag": True},
                    {"Text": "name=TOTAL&key=total", "EndOfLineFlag": False},
                    {"Text": "value=%E2%82%AC12.10", "EndOfLineFlag": True},
                    {"Text": "name=PAN&value=4111111111111111"},
                    {"Text": "THANK YOU"},
                ],
            },
        },
        {"DocumentQualifier": "CashierReceipt", "OutputContent": {"OutputText": []}},
    ],
}


def test_what_a_payment_came_to() -> None:
    outcome = Outcome.from_fields(RESULT)
    assert (outcome.amount, outcome.tip, outcome.cashback) == (
        Decimal("12.10"),
        Decimal("1.10"),
        Decimal(2),
    )
    assert (outcome.sale, outcome.mark.id, outcome.currency) == ("27908", "BV0q.88", "EUR")
    assert (outcome.pan_last4, outcome.pan_unmasked) == ("0010", False)
    assert (outcome.entry, outcome.scheme, outcome.auth_code) == ("contactless", "mc", "123456")
    assert outcome.acquirer_id == "88"


def test_a_card_number_is_masked_also_in_the_pieces_of_a_line() -> None:
    pieces: list[Fields] = [
        {"Text": "name=PAN&value=4111%201111", "EndOfLineFlag": False},
        {"Text": "value=1111%201111", "EndOfLineFlag": True},
    ]
    receipt: Fields = {"OutputContent": {"OutputText": pieces}}
    (slip,) = slips({"PaymentReceipt": [receipt]})
    assert slip.lines == ("PAN **** **** **** 1111",)


def test_what_is_kept_of_the_additional_data() -> None:
    assert Outcome.from_fields(RESULT).response.additional == {
        "tid": "75069402",
        "AID": "A0000000041010",
        "pspReference": "88",
        "message": "a b",
    }


def test_the_other_form_of_additional_data() -> None:
    told = write({"additionalData": {"tid": "1", "expiryYear": "2030"}, "refusalReason": "no"})
    encoded = base64.b64encode(told.encode()).decode()
    assert additional({"AdditionalResponse": encoded}) == {"tid": "1", "refusalReason": "no"}
    assert additional({}) == {}


def test_receipts_are_read_as_they_are_meant() -> None:
    (slip,) = slips(RESULT)
    assert slip.customer
    assert not slip.signature
    assert slip.lines == (
        "Café Adyen",
        "",
        "TOTAL €12.10",
        "PAN ************1111",
        "THANK YOU",
    )


def test_a_receipt_that_is_to_be_signed() -> None:
    content: Fields = {"OutputText": [{"Text": "name=Signature"}]}
    receipt: Fields = {"DocumentQualifier": "CashierReceipt", "OutputContent": content}
    flags = (True, False, "true", "True", "false", "yes", 1, None)
    told: list[Fields] = [{**receipt, "RequiredSignatureFlag": flag} for flag in flags]
    found = slips({"PaymentReceipt": told})
    signed = [each.signature for each in found]
    assert signed == [True, False, True, True, False, False, False, False]


def test_lines_that_run_on_however_that_is_written() -> None:
    ends = (False, "false", "true", None)
    said: list[Fields] = [{"Text": "name=a", "EndOfLineFlag": end} for end in ends]
    receipt: Fields = {"OutputContent": {"OutputText": said}}
    assert slips({"PaymentReceipt": [receipt]})[0].lines == ("a a a", "a")


@pytest.mark.parametrize(
    ("mode", "entry"),
    [("ICC", "chip"), (["Strange", "MagStripe"], "magnetic"), (None, ""), (3, "")],
)
def test_how_a_card_was_read(mode: "str | list[str] | int | None", entry: str) -> None:
    card = {"PaymentInstrumentData": {"CardData": {"EntryMode": mode}}}
    body: Fields = {"Response": {"Result": "Success"}, "PaymentResult": card}
    assert Outcome.from_fields(body).entry == entry


def test_a_whole_card_number_leaves_four_digits_and_an_alarm() -> None:
    card: Fields = {"CardData": {"MaskedPan": "5413330089010442"}}
    body: Fields = {
        "Response": {"Result": "Success"},
        "PaymentResult": {"PaymentInstrumentData": card},
    }
    outcome = Outcome.from_fields(body)
    assert (outcome.pan_last4, outcome.pan_unmasked) == ("0442", True)
    assert "541333" not in repr(outcome)


def test_words_for_a_person() -> None:
    assert Response(Result.FAILURE, "Refusal", {"refusalReason": "no money"}).words == (
        "Refusal: no money"
    )
    assert Response(Result.FAILURE, "", {"message": "why"}).words == "why"
    assert Response(Result.FAILURE).words == "Failure"


def test_an_answer_without_a_result_is_unreadable() -> None:
    with pytest.raises(ProtocolError, match="without a result"):
        Response.from_fields({"Result": "Maybe"})


def test_a_status_that_repeats() -> None:
    repeated = HEADER.answer
    body: Fields = {
        "Response": {"Result": "Success"},
        "MessageReference": Reference(Category.PAYMENT, KEY).to_fields(),
        "RepeatedMessageResponse": {
            "MessageHeader": repeated.to_fields(),
            "RepeatedResponseMessageBody": {"PaymentResponse": RESULT},
        },
    }
    status = Status.from_fields(body, KEY.poiid)
    assert status.asked == Reference(Category.PAYMENT, KEY)
    assert status.repeated == repeated
    assert status.outcome == Outcome.from_fields(RESULT)


def test_a_status_that_repeats_nothing() -> None:
    status = Status.from_fields({"Response": {"Result": "Failure"}}, KEY.poiid)
    assert (status.asked, status.repeated, status.outcome) == (None, None, None)


def answer(result: str = "Success", header: Header = HEADER.answer) -> bytes:
    inner: Fields = {
        "MessageHeader": header.to_fields(),
        f"{header.category}Response": {"Response": {"Result": result}},
    }
    return write({"SaleToPOIResponse": inner}).encode()


def code(data: bytes, key: SecurityKey | None = SHARED) -> str:
    with pytest.raises(ProtocolError) as refused:
        opened(data, HEADER, key)
    return refused.value.code


@pytest.mark.parametrize("result", list(Result))
def test_a_sealed_answer_is_believed(result: Result) -> None:
    said = opened(sealed(answer(result), HEADER.answer, SHARED, NONCE), HEADER, SHARED)
    assert isinstance(said, Answer)
    assert (said.response.result, said.plain) == (result, False)


@pytest.mark.parametrize("result", list(Result))
def test_the_cloud_answers_in_clear(result: Result) -> None:
    said = opened(answer(result), HEADER, None)
    assert isinstance(said, Answer)
    assert not said.plain


@pytest.mark.parametrize("result", [Result.SUCCESS, Result.PARTIAL])
def test_a_success_in_clear_is_forged(result: Result) -> None:
    """C07."""
    assert code(answer(result)) == "nexo.forged"


def test_a_failure_in_clear_is_marked() -> None:
    said = opened(answer("Failure"), HEADER, SHARED)
    assert isinstance(said, Answer)
    assert said.plain


OTHERS = [
    replace(HEADER.answer, key=replace(KEY, service_id="1")),
    replace(HEADER.answer, key=replace(KEY, sale_id="1")),
    replace(HEADER.answer, key=replace(KEY, poiid="P400Plus-1")),
    replace(HEADER.answer, category="Reversal"),
    HEADER,
]


@pytest.mark.parametrize("other", OTHERS)
def test_an_answer_to_another_request_is_refused_wherever_it_says_so(other: Header) -> None:
    assert code(answer(header=other), None) == "nexo.uncorrelated"
    assert code(sealed(answer(), other, SHARED, NONCE).replace(b"POIRequest", b"POIResponse")) == (
        "nexo.uncorrelated"
    )
    inside = sealed(answer(header=other), HEADER.answer, SHARED, NONCE)
    assert code(inside) == "nexo.uncorrelated"


def test_what_was_tampered_with_is_not_trusted() -> None:
    whole = sealed(answer(), HEADER.answer, SHARED, NONCE)
    assert code(whole.replace(b'"KeyVersion":1', b'"KeyVersion":2')) == "nexo.untrusted"


def test_our_own_words_do_not_come_back_as_an_answer() -> None:
    ours = sealed(to_json(HEADER, Diagnosis()), HEADER, SHARED, NONCE)
    assert code(ours) == "nexo.uncorrelated"


def test_an_empty_body_is_no_answer() -> None:
    assert opened(b" \r\n", HEADER, SHARED) is None


@pytest.mark.parametrize("data", [b"ok", b"[]", b"{}", answer("Maybe")])
def test_what_is_none_is_refused(data: bytes) -> None:
    assert code(data, None) in {"nexo.unreadable", "nexo.uncorrelated"}


def test_a_rejection_says_why() -> None:
    """C09, D05; in clear or sealed."""
    event = {
        "EventToNotify": "Reject",
        "EventDetails": "message=Did+not+receive+a+response+from+the+POI.",
    }
    plain = write({"SaleToPOIRequest": {"EventNotification": event}}).encode()
    expected = Notice("Reject", "Did not receive a response from the POI.")
    assert opened(plain, HEADER, SHARED) == expected
    assert opened(sealed(plain, HEADER.answer, SHARED, NONCE), HEADER, SHARED) == expected


def test_a_rejection_in_other_words() -> None:
    plain = b'{"SaleToPOIRequest":{"EventNotification":{"EventDetails":"no JSON"}}}'
    assert opened(plain, HEADER, None) == Notice("", "no JSON")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["SaleToPOIResponse", "Response", "Result", "PaymentResponse", "x"]), inner
    ),
    max_leaves=12,
))  # fmt: skip
def test_any_json_is_an_answer_or_a_protocol_error(value: object) -> None:
    data = write({"SaleToPOIResponse": value}).encode()  # type: ignore[dict-item]
    with pytest.raises(ProtocolError):
        opened(data, HEADER, None)


@given(st.dictionaries(
    st.sampled_from(["PaymentResult", "SaleData", "POIData", "PaymentReceipt", "Response"]),
    st.none() | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.sampled_from(["CardData", "AmountsResp", "Result"]), st.integers()),
))  # fmt: skip
def test_any_body_is_an_outcome_or_a_protocol_error(body: Fields) -> None:
    with pytest.raises(ProtocolError):
        Outcome.from_fields(body)
    found = Outcome.from_fields({**body, "Response": {"Result": "Failure"}})
    assert found.response.result is Result.FAILURE
