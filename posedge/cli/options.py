"""Options that several commands share."""

import argparse
import os
from pathlib import Path

CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: the configuration must be mended."""

DEFAULT_CONFIG = Path("/etc/posedge/posedge.toml")


def usual_config() -> Path:
    return Path(os.environ.get("POSEDGE_CONFIG", DEFAULT_CONFIG))


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `--config`."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=usual_config(),
        help="the box's configuration (default: $POSEDGE_CONFIG, else %(default)s)",
    )
