"""Text as terminals send it: no control characters, no card numbers."""

from posedge.wire.redact import redact_text

CHARSET = "cp437"
"""What a terminal uses unless another was agreed on at registration (tags 14 and 27)."""


def from_terminal(data: bytes, charset: str = CHARSET) -> str:
    """Decode up to the first NUL; ends of lines stay, other control characters go."""
    text = data.partition(b"\0")[0].decode(charset, "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = "".join(letter for letter in text if letter == "\n" or letter.isprintable())
    return redact_text(text)


def to_wire(text: str) -> bytes:
    return text.encode(CHARSET, "replace")
