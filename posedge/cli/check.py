"""`posedge check`: what is wrong in the configuration, and what to write instead."""

import argparse
import sys

from posedge.cli.options import CONFIGURATION, add_config

HELP = "read the configuration and say what is wrong, where, and what to write instead"
DESCRIPTION = """\
Read the configuration without starting anything, and look at the files that it
names. One line for each mistake: file:line, the key, what is wrong and what to
write instead. Exit code 78 if there is any; a warning alone is 0.

  posedge check --config config/posedge.toml
"""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    from posedge import settings

    found = settings.read(args.config)
    for mistake in found.mistakes:
        print(mistake, file=sys.stderr)
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if found.mistakes:
        return CONFIGURATION
    print(f"{args.config}: no mistakes")
    return 0
