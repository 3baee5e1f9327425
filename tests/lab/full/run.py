"""Run the scenarios of the full guest, on this machine's side."""

import asyncio
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx

from posedge.model.errors import PosedgeError
from tests.lab.full import cuts, service
from tests.lab.full.machine import Machine
from tests.lab.full.shop import Shop
from tests.lab.table import Row, Table

Scenario = Callable[[Shop], Awaitable[str]]

SCENARIOS: tuple[Scenario, ...] = (*service.SCENARIOS, *cuts.SCENARIOS)
MARK = "full: "
LIMIT_S = 400
"""A scenario that boots takes a minute."""

TROUBLE = (AssertionError, OSError, EOFError, PosedgeError, httpx.HTTPError, ExceptionGroup)


def name(scenario: Scenario) -> str:
    return MARK + scenario.__name__.replace("_", " ")


async def run(cache: Path, scenarios: Sequence[Scenario], table: Table) -> None:
    """Run them in one life after the other; the first that boots is needed by all."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="run.") as folder:
        machine = Machine(cache, Path(folder))
        machine.build()
        try:
            async with Shop(machine) as shop:
                for scenario in scenarios:
                    if not await _run(shop, scenario, table) and scenario is SCENARIOS[0]:
                        table.note(f"the box did not start: see {_kept(machine, cache)}")
                        return
        finally:
            _kept(machine, cache)
            await machine.switch_off()


async def _run(shop: Shop, scenario: Scenario, table: Table) -> bool:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    passed = False
    try:
        async with asyncio.timeout(LIMIT_S):
            figures = await scenario(shop)
        passed = True
    except TROUBLE as error:
        traceback.print_exc()
        figures = f"{type(error).__name__}: {error}"[:400]
    table.add(Row(name(scenario), passed, loop.time() - began_s, figures))
    return passed


def _kept(machine: Machine, cache: Path) -> Path:
    """Keep what the console said last."""
    kept = cache / "full-console.log"
    kept.write_bytes((machine.folder / "console.log").read_bytes())
    return kept
