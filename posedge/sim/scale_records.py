"""More dialects of simulated scales: those that speak in records with control characters."""

import re

from posedge.model.capabilities import ScaleState
from posedge.sim.scale_plate import Plate
from posedge.sim.scale_voices import Prompt

RESTING = frozenset({ScaleState.STABLE_WEIGHT, ScaleState.ZERO})


class Dialog04(Prompt):
    """Weighs each load once: then it must have moved."""

    title = "Dialog 04"
    challenges = False
    commands = re.compile(rb"\x04?\x02[^\x03]{0,60}\x03|\x04\x05")
    begun = re.compile(rb"\x04?(\x02[^\x03]{0,60})?")

    def __init__(self) -> None:
        self._price: int | None = None
        self._weighed_load: int | None = None
        self.why = b"00"

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        if command == b"\x04\x05":
            return self._result(plate, now_s)
        record = command.lstrip(b"\x04")[1:-1]
        if record == b"08":
            return b"\x0209\x1b%s\x03" % self.why
        price = re.fullmatch(rb"01\x1b(\d{5,6})\x1b", record)
        if price is None:
            return self._refuse(b"10")
        if self.challenges:
            return b"\x0211\x1b247\x03"
        self._price = int(price[1])
        return b"\x06"

    def _result(self, plate: Plate, now_s: float) -> bytes:
        if self._price is None:
            return self._refuse(b"01")
        if why := self._against(plate, now_s):
            return self._refuse(why)
        self._weighed_load = plate.loads
        total = (plate.net_g * self._price + 500) // 1000
        return b"\x0202\x1b3\x1b%05d\x1b%06d\x1b%06d\x03" % (plate.net_g, self._price, total)

    def _against(self, plate: Plate, now_s: float) -> bytes | None:
        """Return why the load cannot be weighed."""
        match plate.state(now_s):
            case ScaleState.OVERWEIGHT:
                return b"32"
            case ScaleState.UNDER_ZERO:
                return b"31"
            case ScaleState.UNSTABLE:
                return b"20"
            case ScaleState.ZERO:
                return b"30"
            case _:
                return b"21" if self._weighed_load == plate.loads else None

    def _refuse(self, why: bytes) -> bytes:
        self.why = why
        return b"\x15"


class Dialog06(Dialog04):
    """Asks for the checksums of an approved till, which nobody here can give."""

    title = "Dialog 06"
    challenges = True


class CasRetail(Prompt):
    """Data is only given behind an ENQ."""

    title = "CAS retail"
    commands = re.compile(rb"[\x05\x11\x12]")

    def __init__(self) -> None:
        self._asked = False
        self.price_minor = 299

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        asked, self._asked = self._asked, command == b"\x05"
        if command == b"\x05":
            return b"\x06"
        if not asked:
            return b"\x15"
        weight = _block(self._weight(plate, now_s))
        if command == b"\x11":
            return b"\x01" + weight + b"\x04"
        total = _price((plate.net_g * self.price_minor + 500) // 1000)
        return b"\x01" + _block(total) + weight + _block(_price(self.price_minor)) + b"\x04"

    def _weight(self, plate: Plate, now_s: float) -> bytes:
        if plate.over:
            return b"SFFFFFFFkg"
        stable = b"U" if plate.moves(now_s) else b"S"
        sign = b"-" if plate.net_g < 0 else b" "
        return stable + sign + b"%02d.%03dkg" % divmod(abs(plate.net_g), 1000)


class Berkel(Prompt):
    """Every weight must be said again to it, before it stands by it."""

    title = "Berkel"
    commands = re.compile(rb"[\x05\x11]|\x02[ZN)9].{7}", re.DOTALL)
    begun = re.compile(rb"\x02([ZN)9].{0,6})?", re.DOTALL)

    def __init__(self) -> None:
        self._said = b""

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        said, self._said = self._said, b""
        match command:
            case b"\x05" if plate.moves(now_s):
                return b"\x18"
            case b"\x05":
                return b"\x06"
            case b"\x11":
                self._said = self._record(plate, now_s)
                return self._said
            case b"\x02Z\0\0\0\0\0\x03Z":
                plate.zero(now_s)
                return b""
            case b"\x02N\0\0\0\0\0\x03N":
                plate.tare(now_s)
                return b""
            case _:
                return b"\r" if command == said else b"\x06"

    def _record(self, plate: Plate, now_s: float) -> bytes:
        """Return 15 kg by 5 g; out of range no weight."""
        able = plate.state(now_s) in RESTING
        body = b"\x29%05d" % plate.net_g if able else b"\x3900000"
        return b"\x02" + body + bytes([_check(body)]) + b"\x03"


def _block(body: bytes) -> bytes:
    return b"\x02" + body + bytes([_check(body)]) + b"\x03"


def _check(body: bytes) -> int:
    """Return the even parity of each column."""
    columns = [sum(byte >> bit & 1 for byte in body) % 2 << bit for bit in range(8)]
    return sum(columns)


def _price(minor: int) -> bytes:
    return (b"%d.%02d" % divmod(minor, 100)).rjust(8)
