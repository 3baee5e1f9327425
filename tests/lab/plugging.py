"""A hundred plugs and pulls in random order: each is seen, and nothing is left behind."""

import asyncio
import gc
import random

from posedge.model.capabilities import DeviceState
from posedge.model.events import DeviceChanged, Event
from tests.lab.box import Box, Load, told
from tests.lab.timing import MS, percentile, unlisted

THINGS = {"scanner": "0c2e:0b61:S1000", "printer": "04b8:0202:P1000", "scale": "0eb8:f000:W1000"}
TURNS = 100
SEED = 3


async def a_hundred_plugs_and_pulls_in_random_order() -> str:
    chance = random.Random(SEED)
    async with Box() as box:
        await _round(box, list(THINGS))  # what is loaded once and stays
        before = await _at_rest()
        took: dict[str, list[float]] = {"plug": [], "pull": []}
        inside: set[str] = set()
        for _ in range(TURNS):
            thing = chance.choice(list(THINGS))
            way = "pull" if thing in inside else "plug"
            took[way].append(await _turn(box, way, thing))
            inside ^= {thing}
        for thing in sorted(inside):
            await _turn(box, "pull", thing)
        after = await _at_rest()
        assert after == before, f"{before} became {after}"
        return (
            f"all seen; plug to on line p50 {percentile(took['plug'], 0.5):.0f} p99"
            f" {percentile(took['plug'], 0.99):.0f} ms, unplug to gone p50"
            f" {percentile(took['pull'], 0.5):.0f} p99 {percentile(took['pull'], 0.99):.0f} ms;"
            f" {after.tasks} tasks, {after.threads} threads, {after.descriptors} descriptors,"
            " as before"
        )


async def _round(box: Box, things: list[str]) -> None:
    for way in ("plug", "pull"):
        for thing in things:
            await _turn(box, way, thing)


async def _turn(box: Box, way: str, thing: str) -> float:
    """Do it and wait until it is known; return the milliseconds between."""
    state = DeviceState.ONLINE if way == "plug" else DeviceState.OFF_OFFLINE

    def wanted(event: Event) -> bool:
        about = isinstance(event, DeviceChanged) and event.device == THINGS[thing]
        return about and isinstance(event, DeviceChanged) and event.state is state

    mark = box.bus.last
    began_ns = int((await told(way, thing))["at_ns"])
    event = await box.heard(wanted, after=mark)
    if way == "pull":
        await unlisted(box, THINGS[thing])
    return (event.at.monotonic_ns - began_ns) / MS


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
