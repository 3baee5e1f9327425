"""`posedge replay`: run a driver against a recording, and see what it makes of it."""

import argparse
import sys
from pathlib import Path

from posedge.model.events import Event

HELP = "run a device's driver against a recording, and print the events"
DESCRIPTION = """\
Let the driver work on what was recorded with `posedge record` instead of on a
device. Its events are printed as lines of JSON, on standard error its state and
every place where it writes something else than it did. Exit code 1 if there is
such a place. What somebody asked of the device then (print, pay) is not asked.

  posedge replay scale.jsonl
  posedge replay scale.jsonl --speed 10
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="as `posedge record` wrote it")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times faster (%(default)s)")


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge import log
    from posedge.devices.recording import Replay, read, replay
    from posedge.link.pace import paced_loop
    from posedge.model.errors import MisuseError

    log.configure("WARNING")
    out = _Printer()
    try:
        recordings = read(args.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MisuseError("recording.unreadable", f"{args.file}: {error}") from None

    async def run() -> None:
        from posedge.clock import SystemClock

        for each in recordings:
            out.state(f"replaying {each.label.device} ({each.label.driver})")
            await replay(each, Replay(out, out.mismatch, out.state), clock=SystemClock())

    with asyncio.Runner(loop_factory=lambda: paced_loop(args.speed)) as runner:
        runner.run(run())
    return 1 if out.mismatches else 0


class _Printer:
    """Prints what the driver does."""

    def __init__(self) -> None:
        self.mismatches = 0
        self._events = 0

    async def publish(self, event: Event) -> int:
        self._events += 1
        print(event.model_dump_json(exclude={"at"}, exclude_none=True), flush=True)
        return self._events

    def mismatch(self, found: object) -> None:
        self.mismatches += 1
        print(f"MISMATCH at {found}", file=sys.stderr)

    def state(self, reason: str | None) -> None:
        print(reason or "on line", file=sys.stderr)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 - what a person can want
        raise argparse.ArgumentTypeError("from 0.01 to 1000")
    return speed
