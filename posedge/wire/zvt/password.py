"""The six digits in front of most commands (PA00P015 13.08 §2.1)."""

from posedge.model.errors import ProtocolError

PASSWORD_BYTES = 3


def read_password(data: bytes) -> tuple[str, bytes]:
    """Return the password and what follows it."""
    digits = data[:PASSWORD_BYTES].hex()
    if len(digits) != 2 * PASSWORD_BYTES or not digits.isdecimal():
        raise ProtocolError("password.unreadable", "a command without its password of six digits")
    return digits, data[PASSWORD_BYTES:]
