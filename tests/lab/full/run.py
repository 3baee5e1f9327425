"""Run the scenarios of the full guest, on this machine's side."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from tests.lab.full import cuts, service
from tests.lab.full.machine import SPOKEN_S, Machine
from tests.lab.full.shop import Shop
from tests.lab.table import TROUBLE, Table

Scenario = Callable[[Shop], Awaitable[str]]

SCENARIOS: tuple[Scenario, ...] = (*service.SCENARIOS, *cuts.SCENARIOS)
MARK = "full: "
LIMIT_S = 1800
"""A scenario that boots takes a minute, and ten where others work too."""


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
                    passed = await table.judge(name(scenario), partial(scenario, shop), LIMIT_S)
                    if not passed and scenario is SCENARIOS[0]:
                        table.note(f"the box did not start: {await _why(machine)}")
                        return
        finally:
            await machine.switch_off()
            if table.failed:
                table.note(f"what its console said last: {_kept(machine, cache)}")


async def _why(machine: Machine) -> str:
    """Return what the service said last."""
    try:
        async with asyncio.timeout(SPOKEN_S):
            return await machine.run("journalctl -u posedge -o cat -n 40; systemctl --failed | cat")
    except TROUBLE as error:
        return f"and nothing can be asked there ({error!r})"


def _kept(machine: Machine, cache: Path) -> Path:
    """Keep the console under a name of its own: another lab may run beside this one."""
    kept = cache / f"full-console-{machine.port}.log"
    kept.write_bytes((machine.folder / "console.log").read_bytes())
    return kept
