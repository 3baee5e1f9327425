"""`make lab` and `make lab-shell`: boot the guests, then print a table or hand over the console.

With names of scenarios: only these. `fast` and `full` stand for all scenarios of a guest, `here`
for what is measured on this machine itself.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.lab.full.run import SCENARIOS as FULL
from tests.lab.full.run import run as run_full
from tests.lab.host import run as run_here
from tests.lab.machine import prepare, qemu
from tests.lab.table import Row, Table

LIMIT_S = 2400
"""Twice what all scenarios may take: a guest that hangs must not hang CI."""

TURNS = f"POSEDGE_LAB_TURNS={os.environ.get('POSEDGE_LAB_TURNS', '1000')}"
"""The kernel hands what it does not know to the first process as environment."""


def shell() -> int:
    words = qemu(prepare(), "lab.job=shell", "mon:stdio", "null")
    return subprocess.run(words, check=False).returncode


def run(names: Sequence[str]) -> int:
    """Print a row for each scenario as it ends; 1 when one failed or a guest broke off."""
    groups = set(names or ("here", "fast", "full"))
    whole = [each for each in FULL if {each.__name__, "full"} & groups]
    fast = sorted(groups - {each.__name__ for each in FULL} - {"here", "fast", "full"})
    cache = prepare()
    table = Table()
    if "here" in groups:
        asyncio.run(run_here(table))
    if fast or "fast" in groups:
        run_fast(cache, fast, table)
    if whole:
        asyncio.run(run_full(cache, [FULL[0], *whole[whole[0] is FULL[0] :]], table))
    return int(table.failed)


def run_fast(cache: Path, names: Sequence[str], table: Table) -> None:
    console = cache / f"console-{os.getpid()}.log"  # another lab may run beside this one
    words = f"{TURNS} lab.job={','.join(['run', *names])}"
    guest = subprocess.Popen(
        ["timeout", str(LIMIT_S), *qemu(cache, words, f"file:{console}", "stdio")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert guest.stdout is not None, "it is a pipe"
    ended = False
    for line in guest.stdout:
        match json.loads(line):
            case {"ended": bool()}:
                ended = True
            case row:
                table.add(Row(**row))
    guest.wait()
    if not ended:
        table.add(Row("the guest itself", False, 0, "it broke off"))
    if table.failed:
        table.note(f"what its console said: {console}")
    else:
        console.unlink()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["shell"]:
            sys.exit(shell())
        case scenarios:
            sys.exit(run(scenarios))
