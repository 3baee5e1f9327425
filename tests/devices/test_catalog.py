import subprocess
import sys
from pathlib import Path

import pytest

from posedge.devices.catalog import BRIDGES, OWN, Group, load
from posedge.model.errors import ConfigError

ROOT = Path(__file__).parents[2]
GENERIC = ["0403:6001", "067b:2303", "1a86:7523", "10c4:ea60"]


def test_the_catalog_is_what_the_tool_makes_of_its_source() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "catalog", "--print"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert OWN.read_text(encoding="utf-8") == made.stdout


def test_it_knows_scanners_printers_and_scales() -> None:
    catalog = load()
    assert len(catalog) >= 270
    assert catalog["0c2e:0b61"].kind is Group.SCANNER
    assert str(catalog["04b8:0e15"]) == "Seiko Epson Corp. TM-T20II"
    assert catalog["0519:0001"].driver == "star-printer"
    assert catalog["0519:0003"].why is not None


@pytest.mark.parametrize("usb_id", GENERIC)
def test_a_generic_bridge_is_only_a_bridge(usb_id: str) -> None:
    assert load()[usb_id].kind in BRIDGES


def test_a_generic_microcontroller_is_nothing() -> None:
    assert "0483:5740" not in load()


def test_the_shops_own_models_win_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "10-a.toml").write_text('"0403:6001" = { kind = "scanner" }\n')
    (tmp_path / "20-b.toml").write_text(
        '"0403:6001" = { kind = "scale", driver = "toledo", options = { baud = 4800 } }\n'
    )
    (tmp_path / "notes.txt").write_text("not a model")
    model = load(shop=tmp_path)["0403:6001"]
    assert (model.kind, model.driver, model.options) == (Group.SCALE, "toledo", {"baud": 4800})


def test_no_folder_is_no_mistake(tmp_path: Path) -> None:
    assert load(shop=tmp_path / "missing") == load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '"0403:6001" = { kind = "scaner" }',
            ':1: "0403:6001".kind: "scaner" cannot be; write one of "scanner", "printer",',
        ),
        (
            '\n"0403:6001" = { kind = "scale", modle = "x" }',
            ':2: "0403:6001".modle: no such key; write model',
        ),
        ('"403:6001" = { kind = "scale" }', ':1: "403:6001": is no USB id; write "vendor:'),
        (
            '"0403:6001" = { kind = "scale", options = { parity = "even" } }',
            ':1: "0403:6001".options.parity: "even" cannot be; write one of "N", "E", "O"',
        ),
        (
            '"0403:6001" = { kind = "scale", driver = "toledo", options = { fresh = 1 } }',
            ':1: "0403:6001".options.fresh: no such key; write fresh_ms',
        ),
        ('"0403:6001" = { kind = "scale", driver = "tolledo" }', "no driver 'tolledo'; there are"),
        ("not toml", ": not TOML: Expected"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(shop=tmp_path)
    assert caught.value.code == "catalog.unreadable"
    assert "mine.toml" in caught.value.message
    assert said in caught.value.message
