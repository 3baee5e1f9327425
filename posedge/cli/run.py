"""`posedge run`: the box."""

import argparse
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

from posedge.cli.options import add_config

HELP = "run the box: devices, payments, journal, relay and the till's API"
DESCRIPTION = """\
Run the box until it is told to stop (SIGTERM or Ctrl-C). It finds devices
through udev, listens on the address in [web], and relays the journal when
[relay] names a broker. A key of the configuration may come from the
environment: POSEDGE_WEB__PORT=8081.

  posedge run --config config/posedge.toml
"""

UNWANTED = ("rich", "pydantic.v1")
"""structlog and FastAPI import them where they find them: 5 MB and 0.1 s for nothing here."""


def add(parser: argparse.ArgumentParser) -> None:
    add_config(parser)


def execute(args: argparse.Namespace) -> int:
    spare()

    import asyncio

    import structlog

    from posedge import log, settings
    from posedge.app import daemon

    found = settings.read(args.config)
    chosen = found.approved()
    _prepare(chosen.state_dir)
    log.configure(chosen.log.level, keep=True)
    log.tell_of_crashes()
    for warning in found.warnings:
        structlog.get_logger().warning("configuration doubtful", said=warning)
    asyncio.run(daemon.run(chosen))
    return 0


def spare() -> None:
    """Keep libraries from importing what is not needed here; call before they are imported."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    for name in UNWANTED:
        modules.setdefault(name)  # None: whoever imports it hears that it is not installed

    from pydantic import BaseModel

    # FastAPI's words for OpenAPI too are made ready when they are used: 1 MB
    BaseModel.model_config["defer_build"] = True


def _prepare(folder: Path) -> None:
    """Make the box's folder; ConfigError `folder.unusable` when it cannot be."""
    import os

    from posedge.model.errors import ConfigError

    why = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = error.strerror
    if why is None and not os.access(folder, os.W_OK | os.X_OK):
        why = "this user may not write there"
    if why is not None:
        text = f"cannot keep the journal in {folder} ({why}): set state_dir, or run as its owner"
        raise ConfigError("folder.unusable", text)
