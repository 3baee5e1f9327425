"""config/posedge.toml says every key, and says it right."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from posedge.devices.address import CUSTOM, Line
from posedge.drivers.registry import DRIVERS
from posedge.settings import Settings, read

FILE = Path(__file__).parents[2] / "config" / "posedge.toml"
TEXT = FILE.read_text()
SWITCHED_OFF = re.compile(r"^# (\[\[?[a-z_.]+\]\]?|[a-z_0-9]+ = .*)$", re.MULTILINE)
EVERYTHING = tomllib.loads(SWITCHED_OFF.sub(r"\1", TEXT))
OPTION = re.compile(r'#   ([a-z_0-9]+) = ("[^"]*"|\S+)')


def fields(model: type[BaseModel], data: Mapping[str, Any], at: str = "") -> Iterator[Any]:
    """Yield key, field and what the file has of every leaf below `model`."""
    assert set(data) == set(model.model_fields), f"[{at}]"
    for key, field in model.model_fields.items():
        found, name = data[key], f"{at}.{key}".removeprefix(".")
        inner = [field.annotation, *get_args(field.annotation)]
        table = next((each for each in inner if each in TABLES), None)
        if table is None:
            yield name, field, found
        elif not isinstance(found, list):
            yield from fields(table, found, name)
        else:
            merged = {each: value for element in found for each, value in element.items()}
            yield from fields(table, merged, name)


def tables(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for each in (field.annotation, *get_args(field.annotation)):
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield each
                yield from tables(each)


TABLES = tuple(tables(Settings))
LEAVES = {name: (field, found) for name, field, found in fields(Settings, EVERYTHING)}


def test_as_it_is_it_changes_nothing() -> None:
    found = read(FILE)
    assert (found.mistakes, found.warnings) == ((), ())
    assert found.settings is not None
    assert found.settings.model_dump() == Settings().model_dump()


def test_with_every_line_switched_on_it_is_valid() -> None:
    settings = Settings.model_validate(EVERYTHING)
    names = [each.name for each in settings.devices.static]
    assert names == [
        "receipts",
        "card terminal",
        "adyen terminal",
        "side terminal",
        "customer",
        "counter",
    ]
    assert settings.relay.address is not None


def test_every_key_is_there_in_the_order_of_the_settings() -> None:
    assert len(LEAVES) > 35
    assert [*EVERYTHING] == [*Settings.model_fields]


DEFAULTS = {
    name: (field.default, found)
    for name, (field, found) in LEAVES.items()
    if not field.is_required() and field.default_factory is None and field.default is not None
}
"""What is left out here is shown by an example."""


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_shown_is_the_default(name: str) -> None:
    default, found = DEFAULTS[name]
    assert found == (list(default) if isinstance(default, tuple) else _plain(default))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def options() -> dict[str, dict[str, object]]:
    """Read the table of options at the end of the file."""
    found: dict[str, dict[str, object]] = {}
    driver = ""
    for line in TEXT[TEXT.index("# Options by driver") :].splitlines()[2:]:
        if option := OPTION.match(line):
            found[driver] |= tomllib.loads(option[0].removeprefix("#"))
        else:
            driver = line.removeprefix("# ")
            found[driver] = {}
    return found


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_the_options_of_each_driver_and_their_defaults(driver: str) -> None:
    stated = options()[driver]
    kind = DRIVERS[driver].options
    defaults = kind.model_construct().model_dump(mode="json")  # without those that are required
    assert set(stated) == set(kind.model_fields)
    assert {key: stated[key] for key in stated if defaults.get(key) is not None} == {
        key: value for key, value in defaults.items() if value is not None
    }


def test_the_settings_of_a_line() -> None:
    assert [*options()][-1] == "of a serial line, whatever the driver"
    assert options()["of a serial line, whatever the driver"] == Line().model_dump()
    assert CUSTOM["toledo"] == Line(bits=7, parity="E")
    assert CUSTOM["zvt"] == Line(stop_bits=2)
