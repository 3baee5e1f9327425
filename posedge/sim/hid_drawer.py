"""A Posiflex cash drawer over HID, and a hand that pushes it shut."""

DESCRIPTOR = bytes.fromhex(
    "06a0ff 0901 a101 0902 1500 26ff00 7508 9578 8102 0903 1500 26ff00 7508 9578 9102 c0"
)
"""As PyPI posiflex-hidcd 1.0.0 prints it: 120 bytes each way, without numbers."""

VENDOR, PRODUCT = 0x0D3A, 0x0206
REPORT_BYTES = 120


class HidDrawerSim:
    """Drawer `number`. `jammed`: it does not open. `bricked`: it was told what no till may say."""

    def __init__(self, number: int = PRODUCT & 7) -> None:
        self.number = number
        self.open = False
        self.jammed = False
        self.bricked = False

    def take(self, report: bytes) -> bytes | None:
        """Take an output report, its number 0 in front; return what the drawer answers."""
        command = report[2]
        if command == self.number:
            self.open = not self.jammed
            return None
        if command != self.number + 1:
            self.bricked = True
            return None
        return bytes([self.number << 4 | (not self.open)]).ljust(REPORT_BYTES, b"\xa5")

    def push(self) -> None:
        self.open = False
