"""A HID POS scanner: its report descriptors and the reports that a scanned code makes.

Bytes only: the lab's gadgets and the drivers' tests send them.
"""

from dataclasses import dataclass

from posedge.sim.scanner import aim_identified

NUMBER = 2
DATA_BYTES = 56

HONEYWELL = bytes.fromhex(
    "058c 0902 a101 0912 a102 8502 1500 26ff00 7508"  # scanned data report, in bytes
    "0501 093b 9501 8102"  # byte count
    "058c 09fb 09fc 09fd 9503 8102"  # symbology identifiers 1 to 3
    "09fe 9538 820201"  # decoded data, 56 bytes
    "0666ff 0904 9502 8102"  # the maker's own identifier of the symbology
    "058c 2501 7501 9501 09ff 8102 7507 8103 c0"  # continued, and seven bits to fill the byte
    "85fe 0666ff 0905 26ff00 7508 9501 b102 c0"  # feature report 254
)
"""A full USB packet: 63 bytes behind the report's number, as Honeywell and Zebra send it."""

PLAIN = bytes.fromhex(
    "058c 0902 a101 8502 1500 26ff00 7508 9501"
    "09fb 8102 09fc 8102 09fd 8102 9538 09fe 820201"
    "2501 7501 9501 09ff 8102 7507 8103 c0"
)
"""Without a byte count: what is not filled is zero."""


@dataclass(frozen=True, slots=True)
class HidScannerSim:
    """`aim`: whether it says the symbology. `counted`: the HONEYWELL layout, else PLAIN."""

    counted: bool = True
    aim: bool = True

    @property
    def descriptor(self) -> bytes:
        return HONEYWELL if self.counted else PLAIN

    def reports(self, code: str) -> tuple[bytes, ...]:
        """Return what the scanner sends for `code`, each report with its number."""
        aim = aim_identified(code)[:3].encode() if self.aim else bytes(3)
        data = code.encode()
        parts = [data[n : n + DATA_BYTES] for n in range(0, len(data), DATA_BYTES)]
        return tuple(
            self._report(aim, part, more=n < len(parts)) for n, part in enumerate(parts, 1)
        )

    def _report(self, aim: bytes, part: bytes, *, more: bool) -> bytes:
        head = bytes([NUMBER, len(part)] if self.counted else [NUMBER])
        tail = bytes([0, 0, more] if self.counted else [more])
        return head + aim + part.ljust(DATA_BYTES, b"\0") + tail
