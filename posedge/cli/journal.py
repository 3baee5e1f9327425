"""`posedge journal tail | verify | export`."""

import argparse
import sys
from pathlib import Path

from posedge.cli.options import add_config

NAME = "journal"
HELP = "read the journal: tail, verify its chain, export it"
DESCRIPTION = """\
Read the box's journal, also while the box runs. Nothing is ever written.

  posedge journal tail -n 20
  posedge journal verify                 exit 1 names each flipped byte, hole or cut-off end
  posedge journal verify --expect 4711:HASH   as headquarters confirmed it
  posedge journal export > journal.jsonl
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("tail", "verify", "export"))
    parser.add_argument(
        "--path", type=Path, help="the journal's file instead of the configured one"
    )
    parser.add_argument("-n", type=int, default=20, metavar="N", help="entries to tail (20)")
    parser.add_argument(
        "--expect",
        metavar="SEQ:HASH",
        help="an entry that must be there, so that a cut-off end is noticed",
    )
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    from posedge import settings

    path: Path = args.path or settings.load(args.config).journal_path
    return {"tail": _tail, "verify": _verify, "export": _export}[args.what](path, args)


def _tail(path: Path, args: argparse.Namespace) -> int:
    from posedge.journal.verify import tail

    for line in tail(path, args.n):
        print(line)
    return 0


def _export(path: Path, _args: argparse.Namespace) -> int:
    from posedge.journal.verify import export

    for line in export(path):
        print(line)
    return 0


def _verify(path: Path, args: argparse.Namespace) -> int:
    from posedge.journal.verify import verify

    report = verify(path, args.expect)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    print(report)
    return 1 if report.faults else 0
