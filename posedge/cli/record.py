"""`posedge record`: what passes between the box and a device, as a file for a bug report."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from posedge.cli.options import add_config

HELP = "record what passes between the box and its devices, card data masked"
DESCRIPTION = """\
Write down what passes the links of one device, or of all, both ways and with
times, until Ctrl-C. The running box is asked for it, and the last minutes that
it still has come first; without a running box the devices are driven from here.
Card numbers are masked before anything is kept.

  posedge record scale --out scale.jsonl
  posedge record all --out shop.jsonl --seconds 60
  posedge replay scale.jsonl       runs the driver against it
"""

TURN_S = 1.0


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("device", metavar="DEVICE", help="its name or id, or `all`")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--seconds", type=float, help="end by itself after so long")
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    from posedge import log, settings
    from posedge.model.errors import ConfigError

    chosen = settings.load(args.config)
    log.configure(chosen.log.level)
    with args.out.open("w", encoding="utf-8") as file:
        try:
            asyncio.run(_from_box(args, file))
        except ConfigError as error:
            if error.code != "box.unreachable":
                raise
            print("No running box: the devices are driven from here.", file=sys.stderr)
            asyncio.run(_alone(args, file))
    return 0


async def _from_box(args: argparse.Namespace, file: TextIO) -> None:
    """Ask the box every second for what is new."""
    import json
    from urllib.parse import quote

    from posedge import settings
    from posedge.cli.asking import ask as ask_box

    chosen = settings.load(args.config)
    after: dict[str, int] = {}

    def ask(*, final: bool) -> None:
        path = f"/v1/devices/{quote(args.device, safe='')}/recording"
        said = json.loads(ask_box(chosen, f"{path}?final={str(final).lower()}", {"after": after}))
        for part in said["parts"]:
            _write(file, part["device"], part["label"], part["lines"], after)
            after[part["device"]] = part["last"]

    await asyncio.to_thread(lambda: ask(final=False))
    try:
        await _while_wanted(args.seconds, lambda: asyncio.to_thread(lambda: ask(final=False)))
    finally:
        ask(final=True)


async def _alone(args: argparse.Namespace, file: TextIO) -> None:
    """Drive the devices, and write what their tapes get."""
    from posedge import settings
    from posedge.devices.alone import devices_alone
    from posedge.devices.recording import parts
    from posedge.devices.udev import Udev
    from posedge.tasks import Crew, Worker

    chosen = settings.load(args.config)
    devices = devices_alone(chosen.devices)
    after: dict[str, int] = {}

    async def take(*, final: bool = False) -> None:
        now_s = asyncio.get_running_loop().time()
        for each in parts(devices.tapes, args.device, after, now_s, final=final):
            _write(file, each.device, each.label, each.lines, after)
            after[each.device] = each.last

    async with Crew("record") as crew:
        crew.start(devices.run(Udev(Worker("udev").run)), name="devices")
        try:
            await _while_wanted(args.seconds, take)
        finally:
            await take(final=True)


async def _while_wanted(seconds: float | None, turn: Callable[[], Awaitable[None]]) -> None:
    """Do `turn` every second until the time is over, or Ctrl-C."""
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not stop.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await stop.wait()
                await turn()


def _write(file: TextIO, device: str, label: str, lines: list[str], after: dict[str, int]) -> None:
    from posedge.devices.recording import written

    if device not in after:
        file.write(label + "\n")
    file.writelines(written(device, line) + "\n" for line in lines)
    file.flush()
