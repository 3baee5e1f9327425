"""What feeds systemd's watchdog: not a timer, but both stores' threads at work."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from posedge.app.box import Box
from posedge.app.world import real_world
from posedge.model.errors import StorageError
from posedge.settings import Settings
from posedge.tasks import Crew, Run, Worker


class Bench:
    """A box whose threads can be held up."""

    def __init__(self, folder: Path) -> None:
        self.workers: dict[str, Worker] = {}
        world = replace(
            real_world(), source=lambda _: None, chance=random.Random(1), run=self._worker
        )
        self.box = Box(Settings.model_validate({"state_dir": folder}), world)

    def _worker(self, name: str) -> Run:
        self.workers[name] = Worker(name)
        return self.workers[name].run


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    async with bench.box:
        yield bench
    for worker in bench.workers.values():
        worker.close()


async def test_a_sound_box_passes(bench: Bench) -> None:
    async with asyncio.timeout(5):
        await bench.box.check()


@pytest.mark.parametrize("thread", ["journal", "events"])
async def test_a_thread_that_hangs_starves_the_watchdog(bench: Bench, thread: str) -> None:
    hanging, release = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(5)

    async with Crew("test", drain_s=5) as crew:
        crew.start(bench.workers[thread].run(hang), name="hang")
        try:
            assert await asyncio.to_thread(hanging.wait, 5)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await bench.box.check()
        finally:
            release.set()
    async with asyncio.timeout(5):
        await bench.box.check()


@pytest.mark.parametrize("store", ["journal", "shelf"])
async def test_a_disk_that_failed_ends_the_box(bench: Bench, store: str) -> None:
    database = bench.box.shelf._database if store == "shelf" else bench.box.journal._files.database
    database._refusal = ("storage.failed", "Input/output error")
    with pytest.raises(StorageError):
        await bench.box.check()
    database._refusal = None
