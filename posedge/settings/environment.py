"""Settings from environment variables, and which variable a mistake comes from."""

import json
import os
from collections.abc import Mapping
from typing import Any, cast

from posedge.model.declared import Place, declared, nested
from posedge.model.mistakes import no_such
from posedge.settings.composed import Settings

PREFIX, DELIMITER = "POSEDGE_", "__"
"""`POSEDGE_WEB__PORT` is the key `port` in the table `[web]`, in capitals or not."""

OTHERS = frozenset({"POSEDGE_CONFIG", "POSEDGE_BOOT_ID"})
"""Variables that are no settings: the file's path, and a test's boot."""

Table = dict[str, Any]


def tables(environment: Mapping[str, str] = os.environ) -> Table:
    """Return what the variables set. Tables and lists are written as JSON.

    What is none stays the text that it is, so that its key is named as wrong.
    """
    found: Table = {}
    for name in sorted(environment, key=str.upper):  # a table before its keys
        place = tuple(name.upper().removeprefix(PREFIX).lower().split(DELIMITER))
        if _ours(name) and place[0] in Settings.model_fields:
            _put(found, place, _value(place, environment[name]))
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """Lay one set of tables over another, key by key."""
    both = dict(below)
    for key, value in above.items():
        under, over = _table(both.get(key)), _table(value)
        both[key] = value if under is None or over is None else merged(under, over)
    return both


def variable(place: Place, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the variable that sets what is at `place`; None when none does."""
    names = {each.upper(): each for each in environment}
    for end in range(len(place), 0, -1):
        name = PREFIX + DELIMITER.join(str(step) for step in place[:end]).upper()
        if name in names:
            return names[name]
    return None


def strangers(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Say of each variable with our prefix that its first step is no setting."""
    found: list[str] = []
    for name in sorted(environment):
        step = name.upper().removeprefix(PREFIX).partition(DELIMITER)[0].lower()
        if _ours(name) and step not in Settings.model_fields:
            known = [PREFIX + each.upper() for each in Settings.model_fields]
            found.append(f"environment: {name}: {no_such(PREFIX + step.upper(), known)}")
    return found


def _ours(name: str) -> bool:
    return name.upper().startswith(PREFIX) and name.upper() not in OTHERS


def _value(place: Place, text: str) -> object:
    field = declared(Settings, place)
    if field is None or not nested(field):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(table: Table, place: tuple[str, ...], value: object) -> None:
    for step in place[:-1]:
        below = _table(table.setdefault(step, {}))
        if below is None:
            return  # what should be a table is none, and is named for that
        table = below
    table[place[-1]] = value


def _table(value: object) -> Table | None:
    return cast("Table", value) if isinstance(value, dict) else None
