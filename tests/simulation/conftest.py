import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.pace import slow_and_quiet


@pytest.fixture(autouse=True)
def _paced() -> Iterator[None]:
    with slow_and_quiet():
        yield


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is one: what survives a disk is another test's matter."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as path:
        yield Path(path)
