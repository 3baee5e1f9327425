"""`posedge support`: one file that tells somebody far away how this box is."""

import argparse
import sys
from pathlib import Path

from posedge.cli.options import add_config

HELP = "write a bundle that helps somebody far away find out what ails this box"
DESCRIPTION = """\
Versions, the configuration without its secrets, every device explained, what
passed their links in the last minutes, the last lines of the log, the journal's
counts and hashes, figures, udev's and the kernel's words. No card data, no
baskets, no passwords. Without a running box, what can be told without one.

  posedge support --out bundle.tar.gz     as root or the service's user
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the file to write (.tar.gz)")
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    import os

    from posedge import log, settings
    from posedge.app import support
    from posedge.cli import explained
    from posedge.cli.asking import ask_if_running
    from posedge.clock import SystemClock

    chosen = settings.load(args.config)
    log.configure(chosen.log.level)
    bundle = ask_if_running(chosen, "/v1/support", {})
    if bundle is None:
        print("No running box: the bundle has what can be told without one.", file=sys.stderr)
        told = support.of_machine(chosen, explained.explanations(chosen, "all"))
        bundle = support.pack(told, SystemClock().now())
    else:
        bundle = support.completed(bundle)
    descriptor = os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(bundle)
    print(f"{args.out}: {len(bundle) // 1024 + 1} KB, for whoever helps you. Look into it first.")
    return 0
