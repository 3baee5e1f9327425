"""Adyen's protection of messages on the shop's network, beside TLS.

PBKDF2-HMAC-SHA1 makes three keys of a passphrase; AES-256-CBC hides the message, HMAC-SHA256 over
what was hidden proves where it is from. Whatever is wrong with a message is one and the same error:
to say whether padding or proof was wrong would help whoever tries.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.notation import Fields, fields, text

SALT = b"AdyenNexoV1Salt"
ROUNDS = 4000
CRYPTO_VERSION = 1
BLOCK = 16
HMAC_LENGTH, KEY_LENGTH = 32, 32


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """What till and terminal share; made of a passphrase in some 10 ms, so kept."""

    identifier: str
    version: int
    hmac_key: bytes = field(repr=False)
    cipher_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def derive(cls, passphrase: str, identifier: str, version: int) -> "SecurityKey":
        """Take an ASCII passphrase: vendors' libraries encode others in different ways."""
        length = HMAC_LENGTH + KEY_LENGTH + BLOCK
        made = hashlib.pbkdf2_hmac("sha1", passphrase.encode("ascii"), SALT, ROUNDS, length)
        parts = made[:HMAC_LENGTH], made[HMAC_LENGTH:-BLOCK], made[-BLOCK:]
        return cls(identifier, version, *parts)

    @property
    def named(self) -> Mapping[str, str | int]:
        return {
            "AdyenCryptoVersion": CRYPTO_VERSION,
            "KeyIdentifier": self.identifier,
            "KeyVersion": self.version,
        }


def seal(message: bytes, key: SecurityKey, nonce: bytes) -> Mapping[str, str | Fields]:
    """Return the part beside the header. `nonce` is 16 random bytes, never used twice."""
    length = BLOCK - len(message) % BLOCK
    padded = message + bytes([length]) * length
    trailer = {**key.named, "Nonce": _written(nonce), "Hmac": _written(_proof(message, key))}
    return {"NexoBlob": _written(_crypt(padded, key, nonce, hide=True)), "SecurityTrailer": trailer}


def unseal(sealed: Fields, key: SecurityKey) -> bytes:
    """Return the message; ProtocolError `nexo.untrusted` if anything at all is wrong with it."""
    trailer = fields(sealed, "SecurityTrailer")
    blob, nonce = _read(text(sealed, "NexoBlob")), _read(text(trailer, "Nonce"))
    ours = all(text(trailer, name) == str(value) for name, value in key.named.items())
    if not ours or len(nonce) != BLOCK or not blob or len(blob) % BLOCK:
        raise _untrusted()
    padded = _crypt(blob, key, nonce, hide=False)
    length = padded[-1]
    whole = 1 <= length <= BLOCK and padded.endswith(bytes([length]) * length)
    message = padded[:-length] if whole else padded  # the proof is looked at in any case
    proven = hmac.compare_digest(_proof(message, key), _read(text(trailer, "Hmac")))
    if not (whole and proven):
        raise _untrusted()
    return message


def _proof(message: bytes, key: SecurityKey) -> bytes:
    return hmac.digest(key.hmac_key, message, "sha256")


def _crypt(data: bytes, key: SecurityKey, nonce: bytes, *, hide: bool) -> bytes:
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - 7 MB, only where needed
        Cipher,
        algorithms,
        modes,
    )

    iv = bytes(a ^ b for a, b in zip(key.iv, nonce, strict=True))
    cipher = Cipher(algorithms.AES256(key.cipher_key), modes.CBC(iv))
    context = cipher.encryptor() if hide else cipher.decryptor()
    return context.update(data) + context.finalize()


def _written(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _untrusted() -> ProtocolError:
    text = "a message cannot be trusted: compare passphrase, key identifier and version"
    return ProtocolError("nexo.untrusted", text)
