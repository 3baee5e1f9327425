"""A magnetic stripe reader over HID: its report descriptors and the report that a swipe makes."""

from dataclasses import dataclass

TRACK_BYTES = 110

MAGTEK = bytes.fromhex(
    "0600ff 0901 a101 1500 26ff00 7508"
    "0920 0921 0922 0928 0929 092a 0938 9507 8102"  # three decode statuses, lengths, encode type
    "0930 956e 820201 0931 820201 0932 820201 c0"  # three tracks
)
"""337 bytes, without a number (MagTek 99875191, table 4-1)."""

POINT_OF_SALE = bytes.fromhex(
    "058e 0901 a101 8501 1500 26ff00 7508 0911 0912 0913 9503 8102"
    "0921 956e 820201 0922 820201 0923 820201 c0"
)
"""Page 0x8E: lengths and tracks, numbered."""


@dataclass(frozen=True, slots=True)
class HidStripeSim:
    """`point_of_sale`: the standard's page instead of MagTek's."""

    point_of_sale: bool = False

    @property
    def descriptor(self) -> bytes:
        return POINT_OF_SALE if self.point_of_sale else MAGTEK

    def swipe(self, *tracks: str, damaged: int = 0) -> bytes:
        """Return the report for up to three tracks; `damaged` has a bit for each that failed."""
        texts = [each.encode("latin-1") for each in (*tracks, "", "", "")[:3]]
        statuses = bytes(damaged >> n & 1 for n in range(3))
        lengths = bytes(len(each) for each in texts)
        data = b"".join(each.ljust(TRACK_BYTES, b"\0") for each in texts)
        head = b"\x01" + lengths if self.point_of_sale else statuses + lengths + b"\0"
        return head + data
