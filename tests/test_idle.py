"""What an idle box has not imported. Each of these is megabytes, and some first start a thread."""

import subprocess
import sys

import pytest

LAZY = {
    "PIL": "a picture, or a receipt with a code",
    "aiomqtt": "a relay",
    "biip": "a code with GS1 elements",
    "cryptography": "a terminal in the cloud",
    "escpos": "a receipt",
    "httpx": "a terminal in the cloud",
    "jinja2": "somebody who looks at the page",
    "pydantic.v1": "nothing here",
    "qrcode": "a code on a receipt",
    "rich": "nothing here",
    "posedge.cli.demo": "somebody who asks for it",
    "posedge.devices.explain": "somebody who asks why",
    "posedge.terminals.course": "a go-live check",
    "posedge.wire.hid.pos_scanner": "such a scanner",
    "posedge.wire.keys": "a keyboard",
    "serialx": "a serial line",
    "smartcard": "a card reader",
    "square": "a terminal in the cloud",
    "stripe": "a terminal in the cloud",
    "sumup": "a terminal in the cloud",
    "tarfile": "a support bundle",
    "zeroconf": "discovery, when it is told to",
}
"""Library, and what it waits for."""

EAGER = ("posedge.drivers.interface", "posedge.drivers.passage", "posedge.drivers.registry")
"""What is there of the drivers' room before a device is."""

SCRIPT = """
import sys
from pathlib import Path
from posedge.cli.run import spare

spare()
from posedge import log, settings
from posedge.app import daemon, world
from posedge.devices.catalog import load

settings.read(Path(sys.argv[1])).approved()
load()
print(*(name for name, module in sys.modules.items() if module is not None))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    path = tmp_path_factory.mktemp("idle") / "posedge.toml"
    path.write_text("")
    command = [sys.executable, "-c", SCRIPT, str(path)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return frozenset(said.stdout.split())


@pytest.mark.parametrize("name", LAZY)
def test_a_library_waits_for_what_it_is_there_for(name: str, imported: frozenset[str]) -> None:
    assert not {each for each in imported if each == name or each.startswith(f"{name}.")}


def test_a_driver_waits_for_its_device(imported: frozenset[str]) -> None:
    drivers = {each for each in imported if each.startswith("posedge.drivers.")}
    assert drivers == {*EAGER, "posedge.drivers.memory", "posedge.drivers.settings"}
