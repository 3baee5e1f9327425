"""`posedge terminal`: card terminals from the command line, by the rules of a till's payment."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from posedge.cli.options import add_config

HELP = "drive a payment terminal: list, pay, refund, cancel, reconcile, check and more"
DESCRIPTION = """\
Drive payment terminals with the journal and the rules of a till's payment. The
running box is asked for it; without one, journal and terminals are opened from
here, and what an earlier run left open is cleared up first.

  posedge terminal list
  posedge terminal status "card terminal"
  posedge terminal pay "card terminal" 12.34 EUR
  posedge terminal refund "card terminal" 12.34 EUR --of PAYMENT
  posedge terminal capture PAYMENT 10.00 EUR     of what `pay --reserve` holds
  posedge terminal cancel PAYMENT                stop it, undo it, or release it
  posedge terminal ask PAYMENT                   what became of it
  posedge terminal reconcile "card terminal"     end its day, and compare
  posedge terminal reconcile "card terminal" --declared visa=12.34 \\
      --declared girocard=5.00                   compare its own slip instead
  posedge terminal check "card terminal"         try all of it before going live

A terminal that is in no configuration is named by what it speaks and where:

  posedge terminal pay --driver zvt --address tcp://127.0.0.1:20007 12.34 EUR

Ctrl-C asks the terminal to stop once, and waits for the truth: an approval may
still come. A second one stops waiting.

Exit codes: 0 approved, 1 declined, cancelled or not completed, 3 in doubt, 75
try again later (busy, away, not started).
"""


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listing = _action(actions.add_parser, "list", "every terminal, and what it can do")
    status = _action(actions.add_parser, "status", "ask a terminal how it is")
    status.add_argument("name", metavar="NAME", nargs="?", help="the terminal, if not the only one")
    pay = _action(actions.add_parser, "pay", "take a payment")
    pay.add_argument("words", metavar="[NAME] AMOUNT CURRENCY", nargs="+")
    pay.add_argument("--reserve", action="store_true", help="reserve it only; see capture")
    pay.add_argument("--partial", action="store_true", help="less would do, and is kept")
    pay.add_argument("--tip", metavar="AMOUNT", help="a part of the amount that is a tip")
    pay.add_argument("--cashback", metavar="AMOUNT", help="a part that is paid out in cash")
    pay.add_argument("--asks-tip", action="store_true", help="the terminal asks for a tip on top")
    refund = _action(actions.add_parser, "refund", "give money back")
    refund.add_argument("words", metavar="[NAME] AMOUNT CURRENCY", nargs="+")
    refund.add_argument("--of", metavar="PAYMENT", help="the payment that it gives back")
    capture = _action(actions.add_parser, "capture", "book a reservation, whole or less")
    capture.add_argument("payment", metavar="PAYMENT")
    capture.add_argument("words", metavar="AMOUNT CURRENCY", nargs="*")
    cancel = _action(
        actions.add_parser, "cancel", "stop a payment that runs, else undo or release it"
    )
    cancel.add_argument("payment", metavar="PAYMENT")
    ask = _action(actions.add_parser, "ask", "wait for what became of a payment")
    ask.add_argument("payment", metavar="PAYMENT")
    day = _action(actions.add_parser, "reconcile", "end the day and compare it with the journal")
    day.add_argument(
        "--declared", action="append", default=[], metavar="[SCHEME=]TOTAL",
        help="do not ask the terminal: its own slip says so, by scheme or one sum for all",
    )  # fmt: skip
    day.add_argument("--currency", default="EUR", help="of what is declared (%(default)s)")
    day.add_argument(
        "--of", metavar="DAY", help="the slip is of this end of day that had no totals"
    )
    day.add_argument(
        "--who", default=os.environ.get("USER", "root"), help="who read the slip (%(default)s)"
    )
    check = _action(actions.add_parser, "check", "try every flow before going live")
    for each in (day, check):
        each.add_argument("name", metavar="NAME", nargs="?", help="the terminal, if not the only")
    check.add_argument("--real-money", action="store_true", help="also outside of the test mode")
    check.add_argument(
        "--report", type=Path, action="append", default=[], metavar="FILE",
        help="write it here too: as HTML if it ends so, else as text",
    )  # fmt: skip
    for each in (pay, refund, capture, cancel, day, check):
        each.add_argument("--id", help="the idempotency key: the same again is the same payment")
    for each in (pay, refund, capture, cancel, ask):
        each.add_argument(
            "--wait", type=float, default=120.0, metavar="SECONDS",
            help="how long a doubt is waited for (%(default)g)",
        )  # fmt: skip
    for each in (listing, status, pay, refund, capture, cancel, ask, day, check):
        _add_common(each)


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge.cli.terminal_session import run

    return asyncio.run(run(args))


def _action(
    make: Callable[..., argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    return make(name, help=text, description=text[:1].upper() + text[1:] + ".")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--driver", help="what a terminal speaks that is in no configuration")
    parser.add_argument("--address", help="and where it is, e.g. tcp://127.0.0.1:20007")
    parser.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="and its options"
    )
    parser.add_argument("--state", type=Path, help="where the journal is (default: as configured)")
    add_config(parser)
