"""A scale over HID: its report descriptor, and the reports that a plate makes."""

from enum import IntEnum

DESCRIPTOR = bytes.fromhex(
    "058d 0920 a101 0932 a102 8503"  # scale device, scale data report, number 3
    "0970 a102 1501 2508 7508 9501 0971 0972 0973 0974 0975 0976 0977 0978 8100 c0"  # status
    "0950 a102 1501 250c 7508 9501 1951 295c 8100 c0"  # unit
    "0941 1581 257f 7508 9501 8102"  # scaling
    "0940 1500 27ffff0000 7510 9501 8102 c0"  # weight
    "0931 a102 8502 1500 2501 7501 9502 0981 0980 9102 9506 9103 c0 c0"  # zero, number 2
)


class Status(IntEnum):
    FAULT = 1
    ZERO = 2
    MOTION = 3
    STABLE = 4
    UNDER_ZERO = 5
    OVER_LIMIT = 6
    CALIBRATE = 7
    ZERO_AGAIN = 8


class Unit(IntEnum):
    MILLIGRAM = 1
    GRAM = 2
    KILOGRAM = 3
    CARAT = 4
    OUNCE = 11
    POUND = 12


class HidScaleSim:
    """`digits` times ten to the `exponent` in `unit` lie there."""

    def __init__(self, unit: Unit = Unit.GRAM, exponent: int = 0) -> None:
        self.unit = unit
        self.exponent = exponent
        self.digits = 0
        self.status = Status.ZERO

    def put(self, digits: int, status: Status | None = None) -> bytes:
        """Let that lie there; return the report, at rest unless `status` says another thing."""
        self.digits = digits
        self.status = status or (Status.STABLE if digits else Status.ZERO)
        return self.report()

    def report(self) -> bytes:
        head = bytes([3, self.status, self.unit, self.exponent & 0xFF])
        return head + self.digits.to_bytes(2, "little")

    def take(self, report: bytes) -> None:
        """Take an output report: zero."""
        if report == b"\x02\x02":
            self.put(0)
