"""A hundred plugs and pulls in random order: each is seen, and nothing is left behind."""

import asyncio
import gc
import random

from tests.lab.box import Box, Load
from tests.lab.timing import Plugging, Pulling, percentile, plugged, pulled

THINGS = ("scanner", "printer", "scale")
"""Each is also the kind that it is found as."""

TURNS = 100
SEED = 3


async def a_hundred_plugs_and_pulls_in_random_order() -> str:
    chance = random.Random(SEED)
    async with Box() as box:
        for thing in THINGS:  # what is loaded once and stays
            await plugged(box, thing, thing)
            await pulled(box, thing, thing)
        before = await _at_rest()
        plugs: list[Plugging] = []
        pulls: list[Pulling] = []
        inside: set[str] = set()
        for _ in range(TURNS):
            thing = chance.choice(THINGS)
            if thing in inside:
                pulls.append(await pulled(box, thing, thing))
            else:
                plugs.append(await plugged(box, thing, thing))
            inside ^= {thing}
        pulls += [await pulled(box, thing, thing) for thing in sorted(inside)]
        after = await _at_rest()
        assert after == before, f"{before} became {after}"
        return f"all seen; {_told(plugs, pulls)}; {after}, as before"


def _told(plugs: list[Plugging], pulls: list[Pulling]) -> str:
    ready = _shares([each.ready for each in plugs])
    node = _shares([each.node for each in plugs])
    gone = _shares([each.gone for each in pulls])
    ratio = percentile([each.ready / each.node for each in plugs], 0.99)
    return (
        f"plug to on line {ready} ms (kernel to node {node} ms, ratio p99 {ratio:.2f}),"
        f" unplug to gone {gone} ms"
    )


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


SCENARIOS = (a_hundred_plugs_and_pulls_in_random_order,)
