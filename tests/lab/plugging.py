"""A thousand plugs and pulls in random order: each is seen, and nothing is left behind.

So many of both together; each takes a second under emulation.
"""

import asyncio
import gc
import random
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from posedge.devices.settings import Assignment
from tests.lab.box import ASSIGNED, TURNS, Box, Load
from tests.lab.timing import Plugging, Pulling, percentile, plugged, pulled

THINGS = ("scanner", "hid-scanner", "cdc-scanner", "printer", "scale", "hid-scale", "adapter")
"""One of each kind of link and driver; the adapter is a customer display's."""

DISPLAY = Assignment(device="0483:5740", driver="line-display", options={})
SEED = 3

MOST_RATIO = 3.0
"""Plug to ready beside the kernel's own time from plug to node, at p99."""

CLOSING_S = 60.0
"""Twice what the kernel waits for a port to drain (closing_wait of setserial(8), 30 s)."""

ENOUGH = 100
"""Plugs for a p99: of fewer it is the slowest alone, which says what else the machine did then.
Of so few it is the median that is held."""


@dataclass(slots=True)
class Tally:
    """What was seen."""

    plugs: list[Plugging] = field(default_factory=list[Plugging])
    pulls: list[Pulling] = field(default_factory=list[Pulling])

    def __str__(self) -> str:
        ready = _shares([each.ready for each in self.plugs])
        node = _shares([each.node for each in self.plugs])
        gone = _shares([each.gone for each in self.pulls])
        worst = max(self.plugs, key=lambda each: each.ready)
        return (
            f"{len(self.plugs)} plugs and {len(self.pulls)} pulls of {len(THINGS)} kinds, all seen;"
            f" plug to on line {ready} ms (kernel to node {node} ms,"
            f" p50 {self.ratio(0.5):.2f} x, p99 {self.ratio(0.99):.2f} x),"
            f" unplug to gone {gone} ms; slowest: {worst.thing}, {worst}"
        )

    @property
    def moves(self) -> int:
        return len(self.plugs) + len(self.pulls)

    def ratio(self, share: float) -> float:
        """Return plug to ready in plug to node at this `share` of all, both of this run."""
        ready, node = [each.ready for each in self.plugs], [each.node for each in self.plugs]
        return percentile(ready, share) / percentile(node, share)

    @property
    def held(self) -> float:
        """Return the ratio that must not be above MOST_RATIO."""
        return self.ratio(0.99 if len(self.plugs) >= ENOUGH else 0.5)


async def a_thousand_plugs_and_pulls_in_random_order() -> str:
    chance = random.Random(SEED)
    tally = Tally()
    async with Box((*ASSIGNED, DISPLAY)) as box:
        for thing in THINGS:  # what is loaded once and stays
            await plugged(box, thing)
            await pulled(box, thing)
        before = await _at_rest()
        inside: set[str] = set()
        while tally.moves < TURNS:
            thing = chance.choice(THINGS)
            await _move(box, thing, tally, pull=thing in inside)
            inside ^= {thing}
        for thing in sorted(inside):
            await _move(box, thing, tally, pull=True)
        after = await _at_rest_again(before)
        assert tally.held < MOST_RATIO, str(tally)
        return f"{tally}; {after}, as before"


async def _move(box: Box, thing: str, tally: Tally, *, pull: bool) -> None:
    if pull:
        tally.pulls.append(await pulled(box, thing))
    else:
        tally.plugs.append(await plugged(box, thing))


def _shares(values: list[float]) -> str:
    return f"p50 {percentile(values, 0.5):.0f} p99 {percentile(values, 0.99):.0f}"


async def _at_rest() -> Load:
    """Return the load once it stays the same: what ends takes a moment."""
    before = None
    while True:
        gc.collect()
        if (now := Load.now()) == before:
            return now
        before = now
        await asyncio.sleep(0.5)


async def _at_rest_again(before: Load) -> Load:
    """Return the load once it is as it was; AssertionError names what stayed open.

    Closing a port may wait in the kernel for what nobody takes any more: CLOSING_S.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + CLOSING_S
    while (now := await _at_rest()) != before:
        assert loop.time() < until_s, f"{before} became {now}: {_opened()}"
    return now


def _opened() -> list[str]:
    found: list[str] = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            found.append(str(each.readlink()))
    return sorted(found)


SCENARIOS = (a_thousand_plugs_and_pulls_in_random_order,)
