"""`posedge journal tail | verify | export | new-stream`."""

import argparse
import json
import random
import sys
from pathlib import Path

from posedge.cli.options import add_config
from posedge.model.errors import StorageError

SECONDS = len("2026-11-23T09:00:00")

HELP = "read the journal: tail, verify its chain, export it; begin a new stream"
DESCRIPTION = """\
Read the box's journal, also while the box runs. Nothing is written, but by
new-stream.

  posedge journal tail -n 20       an entry a line: sequence, time, type, hash,
                                   subject
  posedge journal tail -n 1 --json as it is stored
  posedge journal verify           exit 1 names each flipped byte, hole or
                                   cut-off end
  posedge journal verify --expect 4711:HASH   as headquarters confirmed it
  posedge journal export > journal.jsonl
  posedge journal new-stream       go on behind damage; the box must be stopped.
                                   All stays, and goes to headquarters first
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=tuple(_ACTIONS))
    parser.add_argument(
        "--path", type=Path, help="the journal's file instead of the configured one"
    )
    parser.add_argument("-n", type=_count, default=20, metavar="N", help="entries to tail (20)")
    parser.add_argument("--json", action="store_true", help="tail: the entries as they are stored")
    parser.add_argument(
        "--expect",
        metavar="SEQ:HASH",
        help="an entry that must be there, so that a cut-off end is noticed",
    )
    add_config(parser)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of entries: write e.g. 20")
    return int(text)


def execute(args: argparse.Namespace) -> int:
    from posedge import settings

    path: Path = args.path or settings.load(args.config).journal_path
    return _ACTIONS[args.what](path, args)


def _tail(path: Path, args: argparse.Namespace) -> int:
    from posedge.journal.verify import tail

    for line in tail(path, args.n):
        print(line if args.json else readable(line))
    return 0


def readable(line: str) -> str:
    """Return an entry's sequence, time, type, subject and the beginning of its hash.

    >>> readable('{"sequence":"7","time":"2026-11-23T09:00:00.123456Z","subject":"sale/1",'
    ...     '"type":"io.posedge.sale.completed.v1","hash":"0123456789abcdef"}')
    '      7  2026-11-23T09:00:00  sale.completed           01234567  sale/1'
    """
    entry = json.loads(line)
    kind = entry["type"].removeprefix("io.posedge.").removesuffix(".v1")
    time = entry["time"][:SECONDS]
    return f"{entry['sequence']:>7}  {time}  {kind:<23}  {entry['hash'][:8]}  {entry['subject']}"


def _export(path: Path, _args: argparse.Namespace) -> int:
    from posedge.journal.verify import export

    for line in export(path):
        print(line)
    return 0


def _new_stream(path: Path, _args: argparse.Namespace) -> int:
    from posedge.journal.store import begin_stream

    if not path.is_file():
        raise StorageError("storage.unreachable", f"there is no journal at {path}")
    print(begin_stream(path, chance=random.SystemRandom()))
    return 0


def _verify(path: Path, args: argparse.Namespace) -> int:
    from posedge.journal.verify import verify

    report = verify(path, args.expect)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    print(report)
    return 1 if report.faults else 0


_ACTIONS = {"tail": _tail, "verify": _verify, "export": _export, "new-stream": _new_stream}
