"""`posedge record` and `posedge replay` as their user runs them."""

import json
from contextlib import closing
from pathlib import Path

from posedge.cli import main
from posedge.demo.ports import free_port
from posedge.sim.scale import ScaleSim
from posedge.tasks import Crew
from tests.cli.conftest import Console
from tests.cli.test_running import Manager, box, command

RECORDED = """\
{"posedge":"recording","version":1,"device":"s","driver":"serial-scanner","scheme":"serial",\
"model":"x","started":"now","options":{}}
{"device":"s","t":0,"dir":"open"}
{"device":"s","t":900000,"dir":"in","hex":"343030363338313333333933310d"}
{"device":"s","t":1900000,"dir":"close"}
"""


def scale_of(config: Path, port: Path) -> None:
    where = (
        f'\n[[devices.static]]\nname = "scale"\ndriver = "toledo"\naddress = "serial://{port}"\n'
    )
    config.write_text(config.read_text() + where)


async def test_recorded_from_the_running_box(config: Path, tmp_path: Path) -> None:
    port, link, out = free_port(), tmp_path / "scale", tmp_path / "scale.jsonl"
    scale_of(config, link)
    async with Crew("test") as crew:
        crew.start(ScaleSim(link=link).serve(), name="scale")
        with closing(Manager(tmp_path / "notify")) as manager:
            async with box(config, manager, port):
                await manager.told()
                await manager.told()  # it serves by then
                listening = crew.start(listen(manager), name="systemd")
                code, _, err = await command(*words(config, out), POSEDGE_WEB__PORT=str(port))
                listening.cancel()
    assert (code, err) == (0, "")
    check(out)


async def test_recorded_without_a_box_and_replayed(config: Path, tmp_path: Path) -> None:
    link, out = tmp_path / "scale", tmp_path / "scale.jsonl"
    scale_of(config, link)
    async with Crew("test") as crew:
        crew.start(ScaleSim(link=link).serve(), name="scale")
        code, _, err = await command(*words(config, out))
    assert code == 0
    assert err.startswith("No running box: the devices are driven from here.")
    check(out)
    code, events, said = await command("replay", str(out), "--speed", "5")
    assert json.loads(events.splitlines()[0])["state"] == "ZERO"
    assert "MISMATCH" not in said
    assert code == 0


def words(config: Path, out: Path) -> tuple[str, ...]:
    asked = ("record", "scale", "--seconds", "2.5")
    return (*asked, "--config", str(config), "--out", str(out))


async def listen(manager: Manager) -> None:
    """Take what the box says: it waits while nobody does."""
    while True:
        await manager.told()


def check(out: Path) -> None:
    label, *lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert (label["device"], label["driver"]) == ("scale", "toledo")
    assert {"W", r"\x0200.000\r"} <= {line.get("text") for line in lines}


def test_a_replay_says_what_differs(tmp_path: Path, console: Console) -> None:
    path = tmp_path / "scan.jsonl"
    asked = '{"device":"s","t":10000,"dir":"out","hex":"1b40"}\n{"device":"s","t":9'
    path.write_text(RECORDED.replace('{"device":"s","t":9', asked, 1))
    done = console("replay", path, "--speed", "10")
    assert done.returncode == 1
    assert "MISMATCH at 0.010 s: recorded '\\x1b@', the driver wrote nothing" in done.stderr
    assert json.loads(done.stdout)["gtin"] == "04006381333931"


def test_what_cannot_be_replayed(tmp_path: Path, console: Console) -> None:
    assert console("replay", tmp_path / "none").returncode == 1
    (tmp_path / "wrong").write_text("wrong")
    assert "line 1: no line of a recording" in console("replay", tmp_path / "wrong").stderr
    assert console("replay", tmp_path / "wrong", "--speed", "0").returncode == 2
    assert main(["replay", str(tmp_path / "wrong")]) == 1
