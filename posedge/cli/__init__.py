"""Floor 6: the one console script. Each command is a module; COMMANDS is the registry.

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 the configuration must be mended (EX_CONFIG).
"""

import argparse
import sys
from collections.abc import Sequence

import posedge
from posedge.cli import (
    check,
    demo,
    devices,
    hq,
    journal,
    pair,
    record,
    replay,
    run,
    sim,
    support,
    terminal,
)
from posedge.cli.options import CONFIGURATION
from posedge.model.errors import ConfigError, PosedgeError

COMMANDS = (run, demo, hq, sim, check, devices, record, replay, support, terminal, journal, pair)

FAILURE, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_args(argv)
    try:
        return int(args.execute(args))
    except ConfigError as error:
        print(f"posedge: {error.message}", file=sys.stderr)
        return CONFIGURATION
    except PosedgeError as error:
        print(f"posedge: {error.message} [{error.code}]", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `posedge journal tail | head` is no failure worth a word
        sys.stderr.close()
        return FAILURE


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="posedge",
        description="A box for the shop: finds the till's hardware, takes payments, journals every"
        " transaction and relays it to headquarters.",
        epilog="Start with `posedge demo`: a whole virtual shop. Then `posedge COMMAND --help`.",
    )
    top.add_argument("--version", action="version", version=f"posedge {posedge.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        sub = commands.add_parser(
            module.NAME,
            help=module.HELP,
            description=module.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(sub)
        sub.set_defaults(execute=module.execute)
    return top
