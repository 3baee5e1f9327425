"""Floor 6: the box's configuration, one TOML file and the environment. Nobody below knows it."""

from posedge.settings.composed import BoxIdentity, EventLogSettings, LogSettings, Settings
from posedge.settings.reading import Reading, load, read

__all__ = [
    "BoxIdentity",
    "EventLogSettings",
    "LogSettings",
    "Reading",
    "Settings",
    "load",
    "read",
]
