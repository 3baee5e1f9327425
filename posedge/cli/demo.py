"""`posedge demo`: the whole virtual shop."""

import argparse
from pathlib import Path

from posedge.demo.terminals import TERMINALS

HELP = "a whole virtual shop: box, devices, broker, headquarters and a shopper"
DESCRIPTION = """\
Start everything that a shop has, on this machine and without hardware: the
box, a scanner, a scale, a receipt printer with drawer, a card terminal, the
MQTT broker and headquarters. A shopper scans, weighs, pays by card and cash,
and returns goods. Watch it on two pages.

  posedge demo                              until Ctrl-C
  posedge demo --sales 50 --exit --json     ends by itself and prints counts
  posedge demo --sales 50 --exit --chaos 1  cuts lines, kills broker and box
  posedge demo --terminal zvt-serial        the terminal on a serial line
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sales", type=int, metavar="N", help="stop shopping after N sales")
    parser.add_argument("--exit", action="store_true", help="end when the shopping is done")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument("--chaos", type=int, metavar="SEED", help="break things while it runs")
    parser.add_argument("--seed", type=int, default=1, help="what the shopper buys (%(default)s)")
    parser.add_argument(
        "--terminal",
        choices=TERMINALS,
        default="zvt",
        metavar="KIND",
        help=f"the card terminal: {', '.join(TERMINALS)} (%(default)s)",
    )
    parser.add_argument("--folder", type=Path, help="keep the state there (default: thrown away)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge.demo.show import Wishes, show

    wishes = Wishes(
        sales=args.sales if args.sales is not None else (50 if args.exit else None),
        leave=args.exit,
        as_json=args.json,
        chaos=args.chaos,
        seed=args.seed,
        folder=args.folder,
        browser=not (args.no_browser or args.exit),
        terminal=args.terminal,
    )
    return asyncio.run(show(wishes))
