"""In the guest: run the scenarios, a line of JSON for each on standard output."""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable

from posedge.drivers.rendering import DEFAULT_PROFILE, render
from posedge.model.errors import PosedgeError
from tests.lab import hid, peer, plugging, printers, scales, scanners
from tests.lab.box import quiet, told

Scenario = Callable[[], Awaitable[str]]

SCENARIOS: tuple[Scenario, ...] = (
    *peer.SCENARIOS,
    *scanners.SCENARIOS,
    *printers.SCENARIOS,
    *scales.SCENARIOS,
    *hid.SCENARIOS,
    *plugging.SCENARIOS,
)
LIMIT_S = 900
"""The longest takes half of this; what hangs must not take the others with it."""


async def main(names: list[str]) -> None:
    render(printers.receipt(1), DEFAULT_PROFILE, None)  # loads for ten seconds under emulation
    for scenario in SCENARIOS:
        if not names or scenario.__name__ in names:
            await _run(scenario)
    _say(ended=True)


async def _run(scenario: Scenario) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    passed = False
    try:
        async with asyncio.timeout(LIMIT_S):
            figures = await scenario()
        passed = True
    except (AssertionError, TimeoutError, OSError, PosedgeError, ExceptionGroup) as error:
        traceback.print_exc()
        figures = f"{type(error).__name__}: {error}"[:400]
    await told("clear")
    name = scenario.__name__.replace("_", " ")
    seconds = round(loop.time() - began_s, 1)
    _say(scenario=name, passed=passed, seconds=seconds, figures=figures)


def _say(**row: str | float | bool) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    quiet()
    asyncio.run(main(sys.argv[1:]))
