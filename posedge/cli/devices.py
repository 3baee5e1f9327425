"""`posedge devices`: what is here, what drives it, and why the rest is not driven."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Protocol

from posedge.cli.options import add_config

HELP = "list the devices on this machine, and why some are not driven"
DESCRIPTION = """\
What is plugged in or configured, which driver it has, how it is, how long it
took from plug to ready, and for each one that is not driven the reason and the
remedy. The running box is asked; without one this machine is looked at and
nothing is opened, except by --explain, which drives the devices for a moment.

  posedge devices
  posedge devices --json             for programs; `port` is for devices.assign
  posedge devices --explain          the whole chain of every device
  posedge devices --explain scale    of one: a name, id, port, file or USB id
"""

HEAD = ("DEVICE", "DRIVER", "STATE", "READY", "WHERE", "PORT")
ALL = "all"


class Row(Protocol):
    """A device: what stands in the table, and what below."""

    @property
    def cells(self) -> tuple[str, ...]: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--explain",
        nargs="?",
        const=ALL,
        metavar="DEVICE",
        help="tell the whole chain, from udev to the state it is in",
    )


def execute(args: argparse.Namespace) -> int:
    from posedge import log, settings
    from posedge.cli import explained, looking

    chosen = settings.load(args.config)
    log.configure(chosen.log.level)
    if args.explain is not None:
        told = explained.explanations(chosen, args.explain)
        if args.json:
            _print([each.model_dump(mode="json") for each in told])
        else:
            print("\n\n".join("\n".join(explained.lines(each)) for each in told))
        return 0
    rows = looking.look(chosen)
    if args.json:
        _print([asdict(each) for each in rows])
    else:
        _show(rows)
    return 0


def _print(said: object) -> None:
    import json

    print(json.dumps(said, indent=2, ensure_ascii=False))


def _show(rows: Sequence[Row]) -> None:
    if not rows:
        print("Nothing found. Plug something in, or name it in [[devices.static]].")
        return
    table = [HEAD, *(each.cells for each in rows)]
    told = [column for column in range(len(HEAD)) if any(row[column] for row in table[1:])]
    widths = {column: max(len(row[column]) for row in table) for column in told}
    notes: list[tuple[str, ...]] = [(), *(each.notes for each in rows)]
    for cells, said in zip(table, notes, strict=True):
        print("  ".join(cells[column].ljust(widths[column]) for column in told).rstrip())
        for note in said:
            print(f"    {note}")
