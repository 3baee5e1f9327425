"""What a vendor's program does wrong, in its own process: see posedge.sim.vendor_program."""

import ctypes
import json
import os
import select
import sys
import time
from collections.abc import Callable, Mapping

from posedge.sim.vendor_books import FAULTS, Entry, faults

PAN = "4111111111111111"
LOOK_S = 0.05
"""Between two looks whether the box has gone, of one that hangs."""


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def step(name: str, call: int = 0) -> bool:
    """Do what goes wrong here; True when that was all."""
    known = faults()
    if known["at"] != name:
        return False
    if known["once"]:
        scratch = FAULTS.with_suffix(".program")
        scratch.write_text(json.dumps({**known, "at": None}))
        scratch.replace(FAULTS)
    sys.stderr.write(f"{known['does']} at {name}; card {PAN}\n")
    sys.stderr.flush()
    return WRONGS[known["does"]](call, known)


def _fault(_call: int, _known: Entry) -> bool:
    ctypes.string_at(0)
    return True


def _exit(_call: int, _known: Entry) -> bool:
    os._exit(3)


def _hang(_call: int, _known: Entry) -> bool:
    """Do nothing until the box has gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        pause(LOOK_S)
    return True


def _spin(_call: int, _known: Entry) -> bool:
    while True:
        os.sched_yield()


def _babble(_call: int, _known: Entry) -> bool:
    while True:
        say(call=0, shown="x" * 1000)


def _garble(_call: int, _known: Entry) -> bool:
    sys.stdout.write("not json\n")
    sys.stdout.flush()
    return False


def _late(_call: int, known: Entry) -> bool:
    pause(known["late_ms"] / 1000)
    return False


def _mumble(call: int, _known: Entry) -> bool:
    """Say the end of a call, and not the one that was waited for."""
    say(call=call, ok="done")
    return False


def _fail(call: int, _known: Entry) -> bool:
    say(call=call, error={"code": "broken", "text": "error -1"})
    return True


def _refuse(call: int, _known: Entry) -> bool:
    say(call=call, error={"code": "refused", "text": "paper is out"})
    return True


WRONGS: Mapping[str, Callable[[int, Entry], bool]] = {
    "segfault": _fault,
    "exit": _exit,
    "hang": _hang,
    "spin": _spin,
    "babble": _babble,
    "garble": _garble,
    "late": _late,
    "mumble": _mumble,
    "fail": _fail,
    "refuse": _refuse,
}
"""Each returns whether the step ends with it."""


def now_s() -> float:
    return time.monotonic()  # noqa: TID251 - a program of its own, as any terminal


def pause(for_s: float) -> None:
    select.select([], [], [], max(0.0, for_s))
