"""`posedge run`: the box with its HTTP edge, until it is told to stop.

Whatever is not a DeviceError is a bug: it leaves this file, ends the process, and systemd
restarts into recovery.
"""

import asyncio
import gc
import signal

from posedge.app.box import Box
from posedge.app.served import served
from posedge.app.world import real_world
from posedge.notify import Notify
from posedge.settings import Settings
from posedge.tasks import Crew
from posedge.web import admin, server
from posedge.web.app import build

CHECK_S = 10.0
"""How often journal and event log prove that they work; systemd's watchdog waits 30 s."""


async def run(settings: Settings) -> None:
    """Run the box with its HTTP edge until SIGTERM or SIGINT."""
    world, notify, stop = real_world(), Notify(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener = server.bind(settings.web)
    async with Box(settings, world) as box, Crew("edges") as edges:
        token = admin.issue(settings.state_dir, world.chance)
        web = build(served(box), settings.web, admin_token=token)
        edges.start(server.serve(web, settings.web, listener), name="web")
        edges.start(_watch(box, notify), name="watch")
        gc.collect()
        gc.freeze()  # a full collection would stop the loop for 70 ms to find what lives for ever
        ends = (
            edges.start(stop.wait(), name="stop"),
            edges.start(box.broken(), name="box"),
            edges.start(edges.broken(), name="broken"),
        )
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        notify("STOPPING=1")


async def _watch(box: Box, notify: Notify) -> None:
    """Say that the box is ready, then feed the watchdog by proofs, not by a timer."""
    while True:
        await box.check()
        notify("READY=1\nWATCHDOG=1")
        await asyncio.sleep(min(CHECK_S, (notify.watchdog_s or CHECK_S * 3) / 3))
