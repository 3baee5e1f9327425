"""Where a key stands in a TOML file, for sentences such as `posedge.toml:12: web.port: …`.

The standard parser tells no positions. Tables and keys at the beginning of a line are found;
what stands inside an inline table or a long list is told by the line on which that begins.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from posedge.model.declared import Place
from posedge.model.mistakes import Mistake

_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_PATH: Final = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_TABLE: Final = re.compile(rf"\s*(\[\[?)\s*({_PATH})\s*\]")
_KEY: Final = re.compile(rf"\s*({_PATH})\s*=")


class Places:
    """What stands where in `text`, a TOML file that was parsed to `data`."""

    def __init__(self, text: str, data: Mapping[str, Any]) -> None:
        self.data = data
        self._found = tuple(_places(text))

    def line(self, place: Place) -> int:
        """Return the line, from 1, of the key or else of the nearest table around it."""
        best, line = 0, 1
        for number, path in self._found:
            common = _common(path, place)
            if common > best:
                best, line = common, number
        return line

    def sentences(self, file: str, mistakes: Iterable[Mistake]) -> list[str]:
        """Say each mistake in one line, in the order of the file."""
        by_line = sorted(mistakes, key=lambda each: self.line(each.place))
        return [
            f"{file}:{self.line(each.place)}: {self.title(each.place)}: {each.text}"
            for each in by_line
        ]

    def title(self, place: Place) -> str:
        """Write a place as people count: `devices.static[1].driver ("till printer")`."""
        text, value, name = "", self.data, None
        for step in place:
            text += f"[{step + 1}]" if isinstance(step, int) else f".{_quoted(step)}"
            value = _within(value, step)
            if isinstance(step, int):
                name = _within(value, "name") or _within(value, "device")
        return text.removeprefix(".") + (f' ("{name}")' if name else "")


def _places(text: str) -> Iterator[tuple[int, Place]]:
    """Yield every table and key with its line."""
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE.match(line):
            table = _resolved(_names(found[2]), counts)
            if found[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield number, table
        elif found := _KEY.match(line):
            yield number, table + _names(found[1])


def _resolved(names: tuple[str, ...], counts: Mapping[Place, int]) -> Place:
    """Put the position of the newest element behind each name of a list of tables."""
    place: Place = ()
    for name in names[:-1]:
        place = (*place, name)
        place = (*place, counts[place]) if place in counts else place
    return (*place, names[-1])


def _names(path: str) -> tuple[str, ...]:
    return tuple(each.strip("\"'") for each in re.findall(_NAME, path))


def _common(path: Place, place: Place) -> int:
    pairs = enumerate(zip(path, place, strict=False))
    shorter = min(len(path), len(place))
    return next((index for index, (one, other) in pairs if one != other), shorter)


def _within(value: Any, step: int | str) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
