"""Where `posedge terminal` works: the configured box, or one terminal named on the command line."""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from posedge import settings
from posedge.cli.options import usual_config
from posedge.devices.settings import StaticDevice
from posedge.model.errors import MisuseError
from posedge.model.mistakes import mistakes
from posedge.settings import Settings

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """`only` is the name of the terminal that was named on the command line, else empty.

    `again` are the words that lead here once more.
    """

    settings: Settings
    only: str = ""
    again: str = ""


def place(args: argparse.Namespace) -> Place:
    """Read what the call says; ConfigError or MisuseError when that cannot be."""
    if (args.driver is None) != (args.address is None):
        raise MisuseError("terminal.unplaced", "name both --driver and --address, or neither")
    if args.driver is None:
        return Place(_at(settings.load(args.config), args.state), again=_state(args))
    device = _device(args)
    base = settings.load(args.config) if args.config.exists() else _own()
    devices = base.devices.model_copy(update={"static": (device,)})
    chosen = base.model_copy(update={"devices": devices})
    again = f" --driver {args.driver} --address {args.address}"
    return Place(_at(chosen, args.state), device.name, again + _state(args))


def _at(chosen: Settings, state: Path | None) -> Settings:
    return chosen.model_copy(update={"state_dir": state}) if state else chosen


def _state(args: argparse.Namespace) -> str:
    """Return what leads to the same journal once more, as far as it was said."""
    config = f" --config {args.config}" if args.config != usual_config() else ""
    return config + (f" --state {args.state}" if args.state else "")


def _own() -> Settings:
    """Return settings of a user who has no box: the journal is in the XDG state folder."""
    given = Settings()
    if "state_dir" in given.model_fields_set:
        return given
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return given.model_copy(update={"state_dir": Path(home) / "posedge"})


def _device(args: argparse.Namespace) -> StaticDevice:
    """Name it by what it is and where: asked again, it is the same terminal to the journal."""
    name = UNSAFE.sub("-", f"{args.driver}-{args.address.partition('://')[2]}").strip("-")
    options = dict(each.split("=", 1) if "=" in each else (each, "true") for each in args.option)
    try:
        return StaticDevice(
            name=name[:NAME_CHARACTERS], driver=args.driver, address=args.address, options=options
        )
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(str(step) for step in each.place)}: {each.text}"
            for each in mistakes(error, StaticDevice)
        )
        raise MisuseError("terminal.mistaken", said) from None
