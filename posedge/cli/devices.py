"""`posedge devices`: what is here, what drives it, and why the rest is not driven."""

import argparse

from posedge.cli.options import add_config

NAME = "devices"
HELP = "list the devices on this machine, and why some are not driven"
DESCRIPTION = """\
Look at this machine's devices without opening any: what would be driven by which driver,
and for each one that is not driven the reason and the remedy.

  posedge devices
"""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def execute(args: argparse.Namespace) -> int:
    import asyncio
    import json

    from posedge import settings
    from posedge.devices.survey import survey
    from posedge.tasks import Worker

    chosen = settings.load(args.config)
    found = asyncio.run(survey(chosen.devices, Worker("udev").run))
    driven = [(each.name, each.driver, each.address) for each in found.static]
    driven += [(each.name or each.id, each.driver, str(each.address)) for each in found.matches]
    rows = [(*row, "") for row in driven] + [
        (each.model, "—", each.port, f"{each.reason} {each.remedy}") for each in found.undriven
    ]
    if args.json:
        keys = ("device", "driver", "where", "why_not")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return 0
    _show(rows)
    return 0


def _show(rows: list[tuple[str, str, str, str]]) -> None:
    if not rows:
        print("Nothing found. Plug something in, or name it in [[devices.static]].")
        return
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join(row[column].ljust(widths[column]) for column in range(3)).rstrip())
        if row[3]:
            print(f"    {row[3]}")
