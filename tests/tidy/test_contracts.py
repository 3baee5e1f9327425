"""Each import contract, broken once on purpose: a contract that cannot fail is none."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "Imports only point down": ("model/money.py", "import posedge.bus"),
    "The virtual shop is the other end": ("sim/__init__.py", "import posedge.clock"),
    "Headquarters is a second program": ("hq/__init__.py", "import posedge.wire"),
    "The box does not know headquarters": ("relay/__init__.py", "import posedge.hq"),
    "model/ and wire/ touch no kernel": ("wire/__init__.py", "import asyncio"),
    "Foreign device libraries live in link/": ("drivers/__init__.py", "import serialx"),
    "pyudev lives in devices/udev.py": ("link/__init__.py", "import pyudev"),
    "zeroconf lives in devices/discovery.py": ("app/box.py", "import zeroconf"),
    "A payment provider's client lives": ("drivers/cloud.py", "import stripe"),
    "sqlite3 lives in journal/": ("payments/__init__.py", "import sqlite3"),
    "python-escpos renders in drivers": ("web/__init__.py", "import escpos"),
    "The MQTT client library lives in mqtt/": ("relay/__init__.py", "import aiomqtt"),
    "The web framework lives in web/": ("checkout/__init__.py", "import fastapi"),
}


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the tree with every breach in it."""
    copy = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / "posedge", copy / "posedge")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, line in BREACHES.values():
        with (copy / "posedge" / path).open("a") as module:
            module.write(f"\n{line}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(
        command,
        cwd=copy,
        env={"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_every_contract_has_a_breach() -> None:
    contracts = (ROOT / "pyproject.toml").read_text().count("[[tool.importlinter.contracts]]")
    assert len(BREACHES) == contracts


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_caught(contract: str, verdict: str) -> None:
    line = next(line for line in verdict.splitlines() if line.startswith(contract))
    assert " BROKEN" in line
