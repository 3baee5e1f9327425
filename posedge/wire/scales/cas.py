"""CAS: the stream of 22 bytes of its indicators, and the retail protocol that is asked by ENQ.

Sources: stream by CAS NT-200 manual p. 49 and CI-600D p. 75; retail by the Ohaus Aviator service
manual pp. 36-37 and CAS PD-II manual p. 23, which agree. Neither can zero or tare by the line.
"""

import re
from collections.abc import Callable

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Ask,
    Decoder,
    Dialect,
    Frame,
    Garbled,
    Sample,
    Signal,
    Talk,
    Trouble,
    block_check,
    once,
    to_first,
    weighed,
)
from posedge.wire.scales.mass import Mass, unit

ENQ = b"\x05"
ACK = 0x06
NAK = 0x15
WEIGHT_ONLY = b"\x11"
"""DC1."""
WITH_PRICES = b"\x12"
"""DC2: total, weight and unit price."""
SOH, STX, ETX, EOT = 0x01, 0x02, 0x03, 0x04

STREAM_BYTES = 22
STREAM = re.compile(rb"(ST|US|OL),(GS|NT),..,(.{8}).(kg| g|g |lb|oz|t )\r\n", re.DOTALL)

WEIGHT_BYTES = len("..Sswwwwwwkgc..")
PRICES_BYTES = len("..pppppppp" + "c..Sswwwwwwkgc" + "..uuuuuuuuc..")
WEIGHT = re.compile(rb"([SU])([ F-])(.{6})(..)", re.DOTALL)


def cas_22() -> Dialect:
    return Dialect(
        "CAS stream of 22 bytes",
        "9600 baud 8N1",
        decoder=lambda: Decoder(_cut_stream, read_stream, STREAM_BYTES),
        weigh=once(b""),
        listens=True,
    )


def cas_retail(*, prices: bool = False) -> Dialect:
    """Ask for the weight alone, or with the unit price and total that the scale computed."""
    return Dialect(
        "CAS retail",
        "9600 baud 8N1",
        decoder=lambda: Decoder(_cut, read, PRICES_BYTES),
        weigh=_weigh(WITH_PRICES if prices else WEIGHT_ONLY),
        tells_net=False,
    )


def _cut_stream(buffer: bytes) -> int | None:
    if noise := to_first(buffer, b"SUO"):
        return noise
    end = buffer.find(b"\r\n")
    return None if end < 0 else end + 2


def read_stream(frame: bytes) -> Frame:
    """Read one line of the stream, with its end."""
    found = STREAM.fullmatch(frame)
    if found is None:
        return Garbled(frame)
    if found[1] == b"OL":
        return Sample(ScaleState.OVERWEIGHT)
    its = unit(found[4])
    if its is None:
        return Trouble("the scale weighs in tonnes: set it to kg")
    mass = Mass.parse(found[3], its)
    if mass is None:
        return Garbled(frame)
    if found[1] == b"US":
        return Sample(ScaleState.UNSTABLE)
    return weighed(mass, net=found[2] == b"NT")


def _weigh(request: bytes) -> Callable[[], Talk]:
    def talk() -> Talk:
        ready = yield Ask(ENQ)
        if ready != Signal(ACK):
            return Sample(ScaleState.NOT_READY) if ready == Signal(NAK) else ready
        weight = yield Ask(request)
        return Sample(ScaleState.NOT_READY) if weight == Signal(NAK) else weight

    return talk


def _cut(buffer: bytes) -> int | None:
    """Cut a record by its length, for a check byte may look like any other."""
    if buffer[0] in {ACK, NAK}:
        return 1
    if noise := to_first(buffer, bytes([SOH, ACK, NAK])):
        return noise
    if len(buffer) > 1 and buffer[1] != STX:
        return 1
    size = WEIGHT_BYTES if buffer[2:3] in {b"S", b"U"} else PRICES_BYTES
    return size if len(buffer) >= size else None


def read(frame: bytes) -> Frame:
    """Read one record or control character."""
    if len(frame) == 1 and frame[0] in {ACK, NAK}:
        return Signal(frame[0])
    if frame[:1] != bytes([SOH]) or frame[-1:] != bytes([EOT]):
        return Garbled(frame)
    if len(frame) == WEIGHT_BYTES:
        block = _block(frame[1:-1])
        return (_weight(block) if block else None) or Garbled(frame)
    total, weight, price = (_block(part) for part in (frame[1:12], frame[12:25], frame[25:-1]))
    if total is None or weight is None or price is None:
        return Garbled(frame)
    return _weight(weight, price=_text(price), total=_text(total)) or Garbled(frame)


def _block(data: bytes) -> bytes | None:
    """Return what is between STX and the check byte; None when that or the frame is wrong."""
    body = data[1:-2]
    framed = data[:1] == bytes([STX]) and data[-1:] == bytes([ETX])
    return body if framed and data[-2] == block_check(body) else None


def _weight(block: bytes, *, price: str | None = None, total: str | None = None) -> Frame | None:
    found = WEIGHT.fullmatch(block)
    if found is None:
        return None
    if found[2] == b"F":
        return Sample(ScaleState.OVERWEIGHT)
    its = unit(found[4])
    mass = Mass.parse(found[2] + found[3], its) if its else None
    if mass is None:
        return None
    if found[1] == b"U":
        return Sample(ScaleState.UNSTABLE)
    sample = weighed(mass)
    return Sample(sample.state, sample.mass, unit_price=price, total=total)


def _text(price: bytes) -> str:
    return price.decode("ascii", errors="replace").strip()
