"""BER-TLV as ZVT uses it (PA00P015 13.08 §9.3): lengths big-endian, tags of one to three bytes."""

from collections.abc import Iterator

CONSTRUCTED = 0x20
TAG_GOES_ON = 0x1F  # low five bits all set: another byte of the tag follows
MORE = 0x80
MAX_DEPTH = 8
"""Containers within containers; the specification's deepest has three."""


def element(tag: int, value: bytes) -> bytes:
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + written_length(value) + value


def written_length(value: bytes) -> bytes:
    size = len(value)
    if size < MORE:
        return bytes([size])
    return bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")  # noqa: PLR2004


def read_length(data: bytes, start: int) -> tuple[int, int] | None:
    """Return where the value starts and ends; None when that is not within `data`."""
    if start >= len(data):
        return None
    first = data[start]
    extra = first - MORE if first > MORE else 0
    begin = start + 1 + extra
    size = int.from_bytes(data[start + 1 : begin], "big") if extra else first
    if extra > 2 or first == MORE or begin + size > len(data):  # noqa: PLR2004 - 81 n, 82 hi lo
        return None
    return begin, begin + size


def leaves(data: bytes, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each primitive element, containers opened, as far as readable."""
    position = 0
    while position < len(data):
        after_tag = _tag_end(data, position)
        extent = read_length(data, after_tag)
        if extent is None:
            return
        tag = int.from_bytes(data[position:after_tag], "big")
        value = data[extent[0] : extent[1]]
        if data[position] & CONSTRUCTED and depth < MAX_DEPTH:
            yield from leaves(value, depth + 1)
        else:
            yield tag, value
        position = extent[1]


def _tag_end(data: bytes, start: int) -> int:
    end = start + 1
    if data[start] & TAG_GOES_ON == TAG_GOES_ON:
        while end < len(data) and data[end] & MORE:
            end += 1
        end += 1
    return end
