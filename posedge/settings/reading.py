"""Reading the configuration: every mistake in one line, `file:line: key: what is wrong; remedy`."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from posedge.model.declared import Place
from posedge.model.errors import ConfigError
from posedge.model.mistakes import Mistake, mistakes
from posedge.model.toml import Places
from posedge.settings.composed import Settings
from posedge.settings.environment import Table, merged, strangers, tables, variable
from posedge.settings.surroundings import doubts, missing, models


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: `settings` is None when there are mistakes; warnings stop nothing."""

    settings: Settings | None
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def approved(self) -> Settings:
        """Return the settings; ConfigError `config.mistaken` says every mistake, one a line."""
        if self.settings is None:
            raise ConfigError("config.mistaken", "\n".join(self.mistakes))
        return self.settings


def load(path: Path) -> Settings:
    """Read the configuration; ConfigError as above."""
    return read(path).approved()


def read(path: Path) -> Reading:
    """Read the configuration, and look at the files that it names.

    A missing file is a mistake too: a box that runs on defaults by a typing error in a path
    would write its journal to another place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        what = "no such file; copy config/posedge.toml there, or name yours by --config"
        return Reading(None, (f"{path}: {what}",))
    except OSError as error:
        return Reading(None, (f"{path}: cannot be read: {error.strerror}",))
    except UnicodeDecodeError as error:
        return Reading(None, (f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8",))
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Reading(None, (_not_toml(path, text, error),))
    return _judged(path, Places(text, written), merged(written, tables()))


def _judged(path: Path, places: Places, given: Table) -> Reading:
    unknown = strangers()
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        said = _said(path, places, mistakes(error, Settings))
        return Reading(None, (*said, *unknown))
    wrong = (*_said(path, places, missing(settings)), *models(settings), *unknown)
    warned = tuple(_said(path, places, doubts(settings)))
    return Reading(None if wrong else settings, wrong, warned)


def _said(path: Path, places: Places, found: Iterable[Mistake]) -> Iterator[str]:
    """Name the place of each mistake: those of the file in its order, then the environment's."""
    by_variable = [(variable(each.place), each) for each in found]
    yield from places.sentences(str(path), [each for name, each in by_variable if name is None])
    for name, each in by_variable:
        if name is not None:
            yield f"environment: {name}: {_title(name, each.place)}{each.text}"


def _title(name: str, place: Place) -> str:
    """Return what is wrong inside of a variable that holds JSON, in the variable's own names."""
    return "" if variable(place[:-1]) != name else f"{Places('', tables()).title(place)}: "


def _not_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    """Put the line where an editor and the other sentences have it."""
    what, _, where = str(error).partition(" (at ")
    found = re.match(r"line ([0-9]+)", where)
    line = found[1] if found else text.count("\n") + 1
    return f"{path}:{line}: not TOML: {what}; write key = value, text in quotes"
