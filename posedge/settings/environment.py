"""Settings from environment variables, and which variable a mistake comes from."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from posedge.model.declared import Place
from posedge.model.mistakes import no_such
from posedge.settings.composed import DELIMITER, PREFIX, Settings

OTHERS = frozenset({"POSEDGE_CONFIG", "POSEDGE_BOOT_ID"})
"""Variables that are no settings: the file's path, and a test's boot."""


class Environment(EnvSettingsSource):
    """Hands on what is not JSON as the text that it is, so that its key is named as wrong."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> object:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


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
        ours = name.upper().startswith(PREFIX) and name.upper() not in OTHERS
        if ours and step not in Settings.model_fields:
            known = [PREFIX + each.upper() for each in Settings.model_fields]
            found.append(f"environment: {name}: {no_such(PREFIX + step.upper(), known)}")
    return found
