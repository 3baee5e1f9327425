"""The tapes of all devices, within one limit, and what stands on top of each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from posedge.devices.address import Option
from posedge.drivers.interface import Scheme
from posedge.link.tape import LIMIT, Tape
from posedge.model.value import Value
from posedge.wire.masks import CAISSE_AP, CODES, ECR17, PLAIN, ZVT, Mask

TOTAL = 1024 * 1024
"""Of all tapes: what sixteen devices fill. Beyond it the longest tape loses its oldest part."""

KEPT = 64
"""Tapes: devices that left keep theirs until so many others came."""

VERSION = 1

MASKS: Mapping[str, Mask] = {
    **dict.fromkeys(("wedge", "serial-scanner", "hid-scanner"), CODES),
    "zvt": ZVT,
    "ecr17": ECR17,
    "caisse-ap": CAISSE_AP,
}
"""By driver; any other line may bear a card's number only where nobody expects one."""


class Label(Value):
    """The first line of a device's recording: what to run against it."""

    posedge: str = "recording"
    version: int = VERSION
    device: str
    driver: str
    scheme: Scheme
    model: str
    started: str
    options: Mapping[str, bool | int | str]


@dataclass(frozen=True, slots=True)
class Reel:
    id: str
    label: Label
    tape: Tape


class Tapes:
    """Owns them. A device that comes again goes on where it left."""

    def __init__(self) -> None:
        self._reels: dict[str, Reel] = {}

    def of(self, device: str, label: Label) -> Tape:
        """Return the tape of the device with this id; a new one when there is none like it."""
        reel = self._reels.pop(device, None)
        if reel is None or reel.label.model_copy(update={"started": label.started}) != label:
            start_s = asyncio.get_running_loop().time()
            tape = Tape(MASKS.get(label.driver, PLAIN), start_s, limit=LIMIT, full=self._trim)
            reel = Reel(device, label, tape)
        self._reels[device] = reel
        if len(self._reels) > KEPT:
            del self._reels[next(iter(self._reels))]
        return reel.tape

    def find(self, name: str) -> Reel | None:
        """Return what is recorded of the device with this id or name."""
        named = (reel for reel in self._reels.values() if reel.label.device == name)
        return self._reels.get(name) or next(named, None)

    def all(self) -> tuple[Reel, ...]:
        return tuple(self._reels.values())

    def __repr__(self) -> str:
        return f"<Tapes: {len(self._reels)}, {self._size()} bytes>"

    def _size(self) -> int:
        return sum(reel.tape.size for reel in self._reels.values())

    def _trim(self) -> None:
        while self._size() > TOTAL:
            max((reel.tape for reel in self._reels.values()), key=lambda each: each.size).drop()


def disclosed(options: Mapping[str, Option], kind: type[Value]) -> Mapping[str, Option]:
    """Return a driver's options without those that are secret (`repr=False`)."""
    fields = kind.model_fields
    return {key: each for key, each in options.items() if key not in fields or fields[key].repr}
