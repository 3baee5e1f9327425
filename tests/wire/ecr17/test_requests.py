import pytest

from posedge.model.errors import MisuseError, ProtocolError
from posedge.wire.ecr17.requests import Code, Request

SIZES = {"s": 10, "E": 11, "P": 167, "X": 167, "p": 167, "c": 176, "S": 26, "G": 22, "C": 26}
"""F05, and the portal's tables."""


@pytest.mark.parametrize("code", Code)
def test_lengths_and_back(code: Code) -> None:
    payload = Request(code, "12345678", "00000007", 1250, "000231", "000000231").to_bytes()
    assert len(payload) == SIZES[code]
    assert payload[:10] == b"123456780" + code.encode()
    back = Request.from_bytes(payload)
    assert back.to_bytes() == payload
    assert back.code is code


def test_fields_stand_where_the_portal_says() -> None:
    assert Request(Code.STATUS, "12345678").to_bytes() == b"123456780s"
    payment = Request(Code.PAYMENT, "12345678", "00000007", 650).to_bytes().decode()
    assert payment[10:18] == "00000007"
    assert payment[18:23] == "00000"
    assert payment[23:31] == "00000650"
    assert payment[31:159] == " " * 128
    assert payment[159:] == "00000000"
    reversal = Request(Code.REVERSAL, "12345678", "00000007", stan="000231").to_bytes()
    assert reversal == b"123456780S0000000700023100"
    closure = Request(Code.CLOSURE, amount_minor=650, reservation="000000231").to_bytes()
    assert closure[159:168] == b"000000231"
    assert Request(Code.PRINT_HERE, "12345678").to_bytes() == b"123456780E1"
    assert Request.from_bytes(b"123456780E0") == Request(Code.PRINT_HERE, "12345678", here=False)
    assert Request(Code.PRINT_HERE, "12345678", here=False).to_bytes() == b"123456780E0"
    assert Request(Code.LAST_RESULT, "12345678", "00000007").to_bytes() == b"123456780G000000070000"


def test_what_does_not_fit_is_not_sent() -> None:
    with pytest.raises(MisuseError) as oversized:
        Request(Code.PAYMENT, amount_minor=10**8).to_bytes()
    assert oversized.value.code == "ecr.oversized"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"123456780Z",
        b"12345678as",
        b"123456780s0",
        b"123456780S0000000700x23100",
        b"\xff" * 10,
    ],
)
def test_what_is_no_request(payload: bytes) -> None:
    with pytest.raises(ProtocolError) as unreadable:
        Request.from_bytes(payload)
    assert unreadable.value.code == "ecr.unreadable"
