import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from posedge.journal.store import open_journal
from posedge.tasks import Worker
from tests.doubles.drafts import draft

SCRIPT = Path(sys.executable).with_name("posedge")
Console = Callable[..., subprocess.CompletedProcess[str]]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a terminal of 80 columns, without a developer's own settings."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("POSEDGE_")}
    return {**own, "COLUMNS": "80", **more}


@pytest.fixture
def console() -> Console:
    """Runs the console script to its end."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, *words],
            env=surroundings(**environment),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=20,
        )

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A valid configuration of a box without hardware."""
    path = tmp_path / "posedge.toml"
    path.write_text(
        f'state_dir = "{tmp_path}/state"\n'
        "[web]\nport = 0\n"
        "[devices]\nudev = false\n"
        '[[devices.static]]\nname = "card terminal"\ndriver = "zvt"\naddress = "tcp://127.0.0.1:9"\n'
    )
    return path


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    """A closed journal with three entries, where `config` has it."""
    path = tmp_path / "state" / "journal.db"
    path.parent.mkdir()
    worker = Worker("journal")
    opened = await open_journal(
        path, source="/shop/store-1/box", chance=random.Random(1), run=worker.run
    )
    for number in range(1, 4):
        await opened.append([draft(number, type_="payment.sending")])
    await opened.close()
    worker.close()
    return path
