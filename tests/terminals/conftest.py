"""A simulated ZVT terminal, and a command line's desk on it that checks without waiting long."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from posedge.app.counter import Counter
from posedge.app.world import real_world
from posedge.devices.settings import DevicesSettings, StaticDevice
from posedge.settings import Settings
from posedge.sim.alone import local_time
from posedge.sim.zvt import ZvtTerminalSim
from posedge.terminals.surroundings import Patience

HASTY = {"t3_ms": 600, "t4_ms": 700, "answer_ms": 600, "status_ms": 100, "busy_limit_ms": 50}
NAME = "card terminal"

Opened = Callable[..., Counter]


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=local_time, customer_s=0.15) as sim:
        yield sim


@pytest.fixture
def opened(sim: ZvtTerminalSim, tmp_path: Path) -> Opened:
    """Makes a desk on the terminal; to be entered."""

    def make(*, test_mode: bool = True, doubt_s: float = 8, off_s: float = 0.3) -> Counter:
        device = StaticDevice(
            name=NAME,
            driver="zvt",
            address=f"tcp://127.0.0.1:{sim.port}",
            options={**HASTY, "test_mode": test_mode},
        )
        settings = Settings(state_dir=tmp_path / "state", devices=DevicesSettings(static=(device,)))
        patience = Patience(pause_s=0.05, doubt_s=doubt_s, off_s=off_s, on_s=10)
        return Counter(settings, real_world(), patience)

    return make
