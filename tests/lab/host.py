"""What is asked of this machine and of no emulated one."""

import asyncio

from tests.bench import idle
from tests.lab.table import Table

MOST_IDLE = 0.5
"""Per cent of one core."""

LIMIT_S = 300


async def an_idle_box_with_eight_devices_costs_nothing() -> str:
    (row,) = await asyncio.to_thread(idle.measure)
    figures = f"{row.value:.2f} {row.unit} {row.beside}"
    assert row.value < MOST_IDLE, figures
    return figures


async def run(table: Table) -> None:
    for scenario in SCENARIOS:
        await table.judge(f"here: {scenario.__name__.replace('_', ' ')}", scenario, LIMIT_S)


SCENARIOS = (an_idle_box_with_eight_devices_costs_nothing,)
