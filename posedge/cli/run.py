"""`posedge run`: the box."""

import argparse

from posedge.cli.options import add_config

NAME = "run"
HELP = "run the box: devices, payments, journal, relay and the till's API"
DESCRIPTION = """\
Run the box until it is told to stop (SIGTERM or Ctrl-C). It finds devices through udev,
listens on the address in [web], and relays the journal when [relay] names a broker.

  posedge run --config config/posedge.toml
"""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    import asyncio

    from posedge import app, log, settings

    chosen = settings.load(args.config)
    log.configure(chosen.log.level)
    asyncio.run(app.run(chosen))
    return 0
