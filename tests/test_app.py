import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from posedge.app.box import Box
from posedge.app.world import real_world
from posedge.settings import Settings


async def test_a_bug_in_a_payment_ends_the_box(tmp_path: Path) -> None:
    async def bug() -> None:
        raise AssertionError("a bug")

    async def live(settings: Settings) -> None:
        world = replace(real_world(), source=lambda _: None, chance=random.Random(1))
        async with Box(settings, world) as box, asyncio.timeout(5):
            box.desk._crew.start(bug(), name="pay.p1")
            await box.broken()

    shop = {"state_dir": tmp_path, "box": {"tenant": "acme", "store": "s1", "name": "bx1"}}
    with pytest.raises(AssertionError, match="a bug"):
        await live(Settings.model_validate(shop))
