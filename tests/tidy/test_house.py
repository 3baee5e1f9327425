"""The house's own rules, as far as a machine can hold them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from posedge.model import errors

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "posedge").rglob("*.py"))
PACKAGES = sorted((ROOT / "posedge").glob("*/__init__.py"))
MAX_FILE, MAX_FUNCTION = 300, 60
CODE = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.PosedgeError)
}
FLOOR = re.compile(r"[Ff]loor [0-6]|[Hh]eadquarters|[Vv]irtual shop")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or 0) - node.lineno + 1, f"{name(path)}: {node.name}"


def worst(lengths: list[tuple[int, str]]) -> str:
    return "the longest are " + ", ".join(f"{what} ({lines})" for lines, what in lengths[-5:])


def test_no_file_is_long() -> None:
    lengths = sorted((len(path.read_text().splitlines()), name(path)) for path in SOURCES)
    assert [each for each in lengths if each[0] > MAX_FILE] == [], worst(lengths)


def test_no_function_is_long() -> None:
    lengths = sorted(each for path in SOURCES for each in functions(path))
    assert [each for each in lengths if each[0] > MAX_FUNCTION] == [], worst(lengths)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"except Exception\b", "catch what you can handle"),
        (r"\bTYPE_CHECKING\b", "it hides the true import graph"),
        (r"\b(TODO|FIXME|XXX)\b", "do it, or write an issue"),
        (r"from __future__ import annotations", "annotations are real here"),
    ],
)
def test_what_is_not_written_here(pattern: str, why: str) -> None:
    found = [
        f"{name(path)}:{number}: {why}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.parent.name)
def test_every_package_says_which_floor_it_is(package: Path) -> None:
    said = ast.get_docstring(tree(package))
    assert said
    assert FLOOR.search(said), said


def codes() -> Iterator[tuple[str, str]]:
    """Yield each literal code that an error of ours is made with, and where."""
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ERRORS
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield str(node.args[0].value), f"{name(path)}:{node.lineno}"


def test_every_error_has_a_stable_code() -> None:
    found = list(codes())
    assert len(found) > 50
    assert [each for each in found if not CODE.fullmatch(each[0])] == []


def test_requirements_name_no_index_and_have_hashes() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://", text), path.name
        assert text.count("--hash=sha256:") >= text.count("==") > 0


def test_hooks_run_what_the_makefile_runs_and_fetch_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    assert "entry: tools/lint" in text
    assert (ROOT / "tools" / "lint").stat().st_mode & 0o111
