"""What holds for every test."""

import os
from typing import Any

import structlog
from hypothesis import settings

settings.register_profile("posedge", deadline=None)
settings.load_profile("posedge")
"""No example is timed: on a busy machine any of them may take its time."""

os.environ.pop("PYTHONUNBUFFERED", None)
"""Programs are started as in a shop: what they print and do not flush is late there."""

_configure = structlog.configure


def _configure_anew(**settings: Any) -> None:
    """A logger that was cached while one test had logging configured is deaf to the next one's."""
    _configure(**{**settings, "cache_logger_on_first_use": False})


structlog.configure = _configure_anew  # type: ignore[assignment]
