"""`posedge devices`: what is here, what drives it, and why the rest is not driven."""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path

from posedge.cli.options import add_config

NAME = "devices"
HELP = "list the devices on this machine, and why some are not driven"
DESCRIPTION = """\
Look at this machine's devices without opening any: what would be driven by
which driver, and for each one that is not driven the reason and the remedy.

  posedge devices
  posedge devices --json   for programs; `port` is what [[devices.assign]] takes
"""


HEAD = ("DEVICE", "DRIVER", "WHERE", "PORT")


@dataclass(frozen=True, slots=True)
class Row:
    """A device: `driver` None when it is not driven; `port` is what [[devices.assign]] takes."""

    device: str
    driver: str | None
    where: str
    port: str
    reason: str | None = None
    remedy: str | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return self.device, self.driver or "none", self.where, self.port

    @property
    def why(self) -> str:
        return f"{self.reason}: {self.remedy}" if self.reason else ""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def execute(args: argparse.Namespace) -> int:
    import json

    rows = _look(args.config)
    if args.json:
        print(json.dumps([asdict(each) for each in rows], indent=2, ensure_ascii=False))
    else:
        _show(rows)
    return 0


def _look(config: Path) -> list[Row]:
    import asyncio

    from posedge import log, settings
    from posedge.devices.survey import survey
    from posedge.tasks import Worker

    chosen = settings.load(config)
    log.configure(chosen.log.level)
    found = asyncio.run(survey(chosen.devices, Worker("udev").run))
    rows = [Row(each.name, each.driver, each.address, "") for each in found.static]
    rows += [
        Row(each.name or each.model or each.id, each.driver, str(each.address), each.port)
        for each in found.matches
    ]
    rows += [
        Row(each.model, None, "", each.port, each.reason, each.remedy) for each in found.undriven
    ]
    return rows


def _show(rows: list[Row]) -> None:
    if not rows:
        print("Nothing found. Plug something in, or name it in [[devices.static]].")
        return
    table = [HEAD, *(each.cells for each in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    notes = ["", *(each.why for each in rows)]
    for cells, note in zip(table, notes, strict=True):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        )
        if note:
            print(f"    {note}")
