"""Figures from nanoseconds: what the kernel, udev and posedge each took in the same run."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.lab.box import PATIENCE_S, Box, told
from tests.lab.hands import GOODS
from tests.lab.uevents import KERNEL, UDEV

MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Plugging:
    """Milliseconds since the plug went in: until the node, udev's word, and our own."""

    thing: str
    node: float
    udev: float
    ready: float

    def __str__(self) -> str:
        return (
            f"plug to node {self.node:.0f} ms, udev {self.udev:.0f} ms, on line {self.ready:.0f} ms"
            f" ({self.ready / self.node:.2f} x the kernel)"
        )


async def plugged(box: Box, thing: str) -> Plugging:
    """Plug `thing` in and wait until it is on line; say what each took."""
    mark = box.bus.last
    began_ns = (await told("plug", thing))["at_ns"]
    event = await box.online(GOODS[thing].id, after=mark)
    node = _node(box, event.device)
    uevents = await box.uevents()
    ready = (event.at.monotonic_ns - began_ns) / MS
    kernel = _first(uevents, KERNEL, node, began_ns)
    return Plugging(thing, kernel, _first(uevents, UDEV, node, began_ns), ready)


@dataclass(frozen=True, slots=True)
class Pulling:
    """Milliseconds since the plug came out: until the kernel's word and our own."""

    node: float
    gone: float

    def __str__(self) -> str:
        return f"unplug to gone {self.gone:.0f} ms (kernel {self.node:.0f} ms)"


async def pulled(box: Box, thing: str, order: str = "pull {}") -> Pulling:
    """Pull `thing` by `order` and wait until it is gone; say what each took."""
    device = GOODS[thing].id
    node = _node(box, device)
    mark = box.bus.last
    began_ns = int((await told(order.format(thing)))["at_ns"])
    event = await box.offline(device, after=mark)
    await unlisted(box, device)
    kernel_ms = _first(await box.uevents(), KERNEL, node, began_ns, action="remove")
    return Pulling(kernel_ms, (event.at.monotonic_ns - began_ns) / MS)


async def unlisted(box: Box, device: str) -> None:
    """Return when the box lists `device` no more: its driver has let go."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if device not in {each.id for each in box.devices.statuses()}:
                return
            await asyncio.sleep(0.01)


def _node(box: Box, device: str) -> str:
    status = next(each for each in box.devices.statuses() if each.id == device)
    return str(status.detail["address"]).partition("/dev/")[2]


def _first(
    uevents: Sequence[Mapping[str, Any]], who: int, node: str, after_ns: int, *, action: str = "add"
) -> float:
    """Return after how many milliseconds it was told; nodes are used again and again."""
    return next(
        (int(each["at_ns"]) - after_ns) / MS
        for each in uevents
        if (each["who"], each["action"], each["node"]) == (who, action, node)
        and int(each["at_ns"]) >= after_ns
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
