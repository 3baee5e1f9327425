"""The shipped table of models: current, strictly right, and what the catalog says."""

import subprocess
import sys
from pathlib import Path

import pytest

from posedge.devices.catalog import BRIDGES, load
from tests.doubles.udevadm import SHIPPED, Machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


def test_the_table_is_what_the_tool_makes_of_the_catalog() -> None:
    tool = SHIPPED.parent / "tools" / "udev"
    made = subprocess.run(
        [sys.executable, tool, "--print"], capture_output=True, text=True, check=True
    )
    assert (SHIPPED / "60-posedge.hwdb").read_text(encoding="utf-8") == made.stdout


@pytest.mark.parametrize(
    ("usb_id", "kind"),
    [
        ("0c2e:0b61", "scanner"),
        ("1eab:0110", "scanner"),
        ("04b8:0202", "printer"),
        ("0922:8003", "scale"),
        ("0801:0002", "msr"),
        ("072f:2200", "nfc"),
    ],
)
def test_real_models_have_the_kind_of_the_catalog(machine: Machine, usb_id: str, kind: str) -> None:
    assert machine.query(usb_id) == {
        "ID_POSEDGE_KIND": kind,
        "ID_POSEDGE_MODEL": str(load()[usb_id]),
        "ID_POSEDGE_INTERFACE": load()[usb_id].interface,
    }


@pytest.mark.parametrize("usb_id", ["0403:6001", "067b:2303", "1a86:7523", "10c4:ea60"])
def test_generic_bridges_have_no_kind(machine: Machine, usb_id: str) -> None:
    told = machine.query(usb_id)
    assert told["ID_POSEDGE_BRIDGE"] == "serial-bridge"
    assert "ID_POSEDGE_KIND" not in told


@pytest.mark.parametrize("usb_id", ["0483:5740", "046d:c31c", "1d6b:0002"])
def test_what_is_not_in_the_catalog_is_nothing(machine: Machine, usb_id: str) -> None:
    assert machine.query(usb_id) == {}


def test_every_model_is_there_once_and_no_bridge_has_a_kind() -> None:
    text = (SHIPPED / "60-posedge.hwdb").read_text(encoding="utf-8")
    bridges = sum(model.kind in BRIDGES for model in load().values())
    assert text.count("\nposedge:usb:v") == len(load())
    assert text.count(" ID_POSEDGE_BRIDGE=") == bridges
    assert text.count(" ID_POSEDGE_KIND=") == len(load()) - bridges


def test_the_compiler_understands_every_line(machine: Machine, tmp_path: Path) -> None:
    assert machine.complaints == []
    mistaken = Machine(tmp_path, shop="posedge:usb:v0C2E*\n ID_POSEDGE_KIND scanner\n")
    assert "61-shop.hwdb:2" in mistaken.complaints[0]
