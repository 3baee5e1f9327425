"""Floor 6: the one console script. Each command is a module; COMMANDS is the registry.

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 the configuration must be mended (EX_CONFIG).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import posedge
from posedge.cli.options import CONFIGURATION
from posedge.model.errors import ConfigError, PosedgeError

COMMANDS = (
    "run",
    "demo",
    "hq",
    "sim",
    "check",
    "devices",
    "record",
    "replay",
    "support",
    "terminal",
    "journal",
    "pair",
)
"""Imported when it is asked for: the box does without the words and options of all others."""

FAILURE, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    args = parser([each for each in words[:1] if each in COMMANDS] or COMMANDS).parse_args(words)
    try:
        return _executed(args)
    except ConfigError as error:
        print(f"posedge: {error.message}", file=sys.stderr)
        return CONFIGURATION
    except PosedgeError as error:
        print(f"posedge: {error.message} [{error.code}]", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `posedge journal tail | head` is no failure worth a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        return FAILURE


def _executed(args: argparse.Namespace) -> int:
    code = int(args.execute(args))
    sys.stdout.flush()  # while who called can still say what a reader that left means
    return code


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Build the parser of these commands."""
    top = argparse.ArgumentParser(
        prog="posedge",
        description="A box for the shop: finds the till's hardware, takes payments, journals every"
        " transaction and relays it to headquarters.",
        epilog="Start with `posedge demo`: a whole virtual shop. Then `posedge COMMAND --help`.",
    )
    top.add_argument("--version", action="version", version=f"posedge {posedge.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in names:
        module = import_module(f"posedge.cli.{name}")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(sub)
        sub.set_defaults(execute=module.execute)
    return top
