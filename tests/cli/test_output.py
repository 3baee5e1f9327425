"""What the commands print, for people and for programs."""

import json
from pathlib import Path

import pytest

from posedge.cli import main
from posedge.devices.inventory import Node
from posedge.devices.udev import Udev
from posedge.model.entry import Entry
from tests.doubles.plugs import BRIDGE, SCANNER, event, tty, usb

COUNTER = """
[[devices.static]]
name = "card terminal"
driver = "zvt"
address = "tcp://192.0.2.20:20007"
"""


def test_tail_as_it_is_stored(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "tail", "-n", "2", "--json", "--path", str(journal)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [Entry.from_body(line.encode()).sequence for line in lines] == [2, 3]


def test_export_is_every_entry(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "export", "--path", str(journal)]) == 0
    entries = [Entry.from_body(line.encode()) for line in capsys.readouterr().out.splitlines()]
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.prevhash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


def test_the_columns_of_tail_are_straight(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "tail", "--path", str(journal)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert len({line.index("payment/") for line in lines}) == 1


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "posedge.toml").write_text("[devices]\nudev = false\n")
    assert main(["devices", "--config", str(tmp_path / "posedge.toml")]) == 0
    assert capsys.readouterr().out.startswith("Nothing found. Plug something in")


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The configuration of a counter with a terminal; a scanner and a bridge are plugged in."""
    scanner, bridge = usb(SCANNER), usb(BRIDGE, port="2")

    async def snapshot(_udev: Udev) -> tuple[Node, ...]:
        return scanner, event(scanner), bridge, tty(bridge)

    monkeypatch.setattr(Udev, "snapshot", snapshot)
    (tmp_path / "posedge.toml").write_text(COUNTER)
    return str(tmp_path / "posedge.toml")


def test_devices_as_a_table_with_why_not_below(
    counter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--config", counter]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["DEVICE", "DRIVER", "WHERE", "PORT"]
    assert [row[head.index("DRIVER") :].split() for row in rows[:3]] == [
        ["zvt", "tcp://192.0.2.20:20007"],
        ["wedge", "evdev:///dev/input/event3", "pci-0000:00:14.0-usb-0:1"],
        ["none", "pci-0000:00:14.0-usb-0:2"],
    ]
    assert rows[3] == (
        "    a cable adapter: what hangs behind it could be anything: add [[devices.assign]] with"
        ' device = "pci-0000:00:14.0-usb-0:2" and driver = "…" to the configuration'
    )


def test_devices_for_programs(counter: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--config", counter, "--json"]) == 0
    terminal, scanner, bridge = json.loads(capsys.readouterr().out)
    assert (terminal["device"], terminal["where"]) == ("card terminal", "tcp://192.0.2.20:20007")
    assert (scanner["driver"], scanner["reason"]) == ("wedge", None)
    assert (bridge["driver"], bridge["port"]) == (None, "pci-0000:00:14.0-usb-0:2")
    assert bridge["remedy"].startswith("add [[devices.assign]]")
    assert bridge["toml"].splitlines()[1] == "[[devices.assign]]"
