"""C01, C03: computed with two independent derivations, and accepted by @adyen/api-library 32.1."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.crypto import SecurityKey, seal, unseal
from posedge.wire.nexo.notation import Fields, fields, text

KEY = SecurityKey.derive("mysupersecretpassphrase", "mykey", 1)
NONCE = bytes(range(16))
PLAIN = (
    b'{"SaleToPOIRequest":{"MessageHeader":{"ProtocolVersion":"3.0","MessageClass":"Service",'
    b'"MessageCategory":"Payment","MessageType":"Request","SaleID":"POSSystemID12345",'
    b'"ServiceID":"0207111104","POIID":"V400m-324688042"},"PaymentRequest":{"SaleData":'
    b'{"SaleTransactionID":{"TransactionID":"27908","TimeStamp":"2019-03-07T10:11:04+00:00"}},'
    b'"PaymentTransaction":{"AmountsReq":{"Currency":"EUR","RequestedAmount":10.99}}}}}'
)
BLOB = (
    "gP0vnBpYJLc06akeJiZwNBlFjrp5++STsmoXHGz4jwAr9O5BymB2RSOz7rVhr/LFcdA758vrh2gO+M8T4iOaJLQAfb5e"
    "DZ8lxGMPOHND4Vk4KprvToxY+JwS9n+qwOsPArftu0j7O6HRgXaJSrvz0IFt4ypqgELLD4O3F5aG+dprk3jfeY4wE9Ll"
    "emaVRuQlQW8TvOTZFTL8oaHKQwmosFGPRg6BNDklBbl55gEkkbOYb3Q+F4p2tpgLJWiviDUilLApCXKVSpoYFFdcUbpd"
    "PP9rrXvdBBHe5UXnqcB0HfBzRsNdX39su/yxu5w1ofuXqkiKOHmQs3NZwfXgoRSYwIwDiWE7aJv8EOixkh4OuFiGMJMu"
    "59qP0LsJ/38ZtCtOQJKgD6YcCO8Aefhs0lvyr0FJujTWkwuA4j4NNDw9viUVpQYOn1arl62sz7bWucAlksLkaW+fAl8X"
    "ryFo5g6mw2vMppT32TgjKuVeCxyUHx9HiDVbOqh2FxOf2Yjl8LI4HTS7P8XFmub1JbkAJqV91YeqoXqnxt9QvVjCoYqv"
    "Wy1Q0X3Sa7P50X8hxFHCNTv5"
)


def test_the_keys_of_a_passphrase() -> None:
    assert KEY.hmac_key.hex() == (
        "633651f2a778f91ef37ca2eae92d2f8e58073b766d26899967dc1202c1444742"
    )
    assert KEY.cipher_key.hex() == (
        "89b3399a5c77fc0c38762ba1529488d19b4daf8360a2ef3f7a0b06d23c89b12a"
    )
    assert KEY.iv.hex() == "17be85c2e52ba327bdce1910f4c2c7de"


def test_no_key_is_shown() -> None:
    assert repr(KEY) == "SecurityKey(identifier='mykey', version=1)"


def test_a_sealed_message_byte_for_byte() -> None:
    sealed = seal(PLAIN, KEY, NONCE)
    assert sealed == {
        "NexoBlob": BLOB,
        "SecurityTrailer": {
            "AdyenCryptoVersion": 1,
            "KeyIdentifier": "mykey",
            "KeyVersion": 1,
            "Nonce": "AAECAwQFBgcICQoLDA0ODw==",
            "Hmac": "QhOXpwXMq6S6wRkmkQk4t/F2NVwWqK1vu+ExJ7fa9i8=",
        },
    }
    assert unseal(sealed, KEY) == PLAIN


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_is_unsealed(message: bytes, nonce: bytes) -> None:
    assert unseal(seal(message, KEY, nonce), KEY) == message


def broken(part: str, value: str | int) -> Fields:
    sealed = seal(PLAIN, KEY, NONCE)
    if part == "NexoBlob":
        return {**sealed, part: value}
    return {**sealed, "SecurityTrailer": {**fields(sealed, "SecurityTrailer"), part: value}}


def flipped(at: int) -> str:
    blob = bytearray(base64.b64decode(BLOB))
    blob[at] ^= 1
    return base64.b64encode(blob).decode()


WRONG = [
    broken("NexoBlob", flipped(0)),
    broken("NexoBlob", flipped(-1)),  # the padding
    broken("NexoBlob", flipped(-17)),
    broken("NexoBlob", ""),
    broken("NexoBlob", "AAAA"),
    broken("NexoBlob", "no base64"),
    broken("NexoBlob", "ä"),
    broken("Hmac", base64.b64encode(bytes(32)).decode()),
    broken("Hmac", "QhOX"),
    broken("Hmac", ""),
    broken("Nonce", "AAECAwQFBgcICQoLDA0O"),
    broken("Nonce", base64.b64encode(bytes(17)).decode()),
    broken("KeyIdentifier", "another"),
    broken("KeyVersion", 2),
    broken("AdyenCryptoVersion", 0),
    {"NexoBlob": BLOB},
    {},
]


@pytest.mark.parametrize("sealed", WRONG)
def test_whatever_is_wrong_is_one_error(sealed: Fields) -> None:
    with pytest.raises(ProtocolError) as refused:
        unseal(sealed, KEY)
    assert refused.value.code == "nexo.untrusted"
    assert refused.value.message.startswith("a message cannot be trusted")
    assert not refused.value.data


def test_another_passphrase_opens_nothing() -> None:
    other = SecurityKey.derive("another", "mykey", 1)
    with pytest.raises(ProtocolError, match="cannot be trusted"):
        unseal(seal(PLAIN, KEY, NONCE), other)


def test_the_number_of_a_key_may_come_as_text() -> None:
    sealed = broken("KeyVersion", "1")
    assert text(sealed, "SecurityTrailer", "KeyVersion") == "1"
    assert unseal(sealed, KEY) == PLAIN
