"""`posedge check`: what is wrong in the configuration, and what to write instead."""

import argparse
import sys

from posedge.cli.options import add_config

NAME = "check"
HELP = "read the configuration and say what is wrong, where, and what to write instead"
DESCRIPTION = """\
Read the configuration without starting anything. One line for each mistake:
file:line, the key, what is wrong with it and what to write instead. Exit code 78 if any.

  posedge check --config config/posedge.toml
"""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    from posedge import settings

    mistakes = settings.mistakes(args.config)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if mistakes:
        return 78
    print(f"{args.config}: no mistakes")
    return 0
