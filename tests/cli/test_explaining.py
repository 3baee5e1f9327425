"""`posedge devices` and `--explain`, with a running box and without one."""

import asyncio
import json
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from posedge.demo.ports import free_port
from posedge.sim.scale import ScaleSim
from posedge.tasks import Crew
from tests.cli.test_recording import listen, scale_of
from tests.cli.test_running import Manager, box, command


@asynccontextmanager
async def shop(config: Path, folder: Path) -> AsyncIterator[int]:
    """A box with a scale; yield its port."""
    port, link = free_port(), folder / "scale"
    scale_of(config, link)
    async with Crew("test") as crew:
        crew.start(ScaleSim(link=link).serve(), name="scale")
        with closing(Manager(folder / "notify")) as manager:
            async with box(config, manager, port):
                await manager.told()
                await manager.told()  # it serves by then
                listening = crew.start(listen(manager), name="systemd")
                yield port
                listening.cancel()


async def told(*words: str, port: int) -> str:
    code, out, err = await command("devices", *words, POSEDGE_WEB__PORT=str(port))
    assert (code, err) == (0, "")
    return out


async def test_asked_of_the_running_box(config: Path, tmp_path: Path) -> None:
    words = ("--config", str(config))
    async with shop(config, tmp_path) as port, asyncio.timeout(20):
        while "ONLINE" not in (table := await told(*words, port=port)):
            pass
        rows = json.loads(await told("--json", *words, port=port))
        chain = await told("--explain", "scale", *words, port=port)
        (as_json,) = json.loads(await told("--explain", "scale", "--json", *words, port=port))
        both = await told("--explain", *words, port=port)
        bundle = tmp_path / "bundle.tar.gz"
        code, out, err = await command(
            "support", "--out", str(bundle), *words, POSEDGE_WEB__PORT=str(port)
        )
    assert (code, err) == (0, "")
    assert out.startswith(f"{bundle}: ")
    assert "posedge-support/recordings/scale.jsonl" in names_in(bundle)
    assert table.splitlines()[0].split() == ["DEVICE", "DRIVER", "STATE", "READY", "WHERE", "PORT"]
    assert " ms" in table
    terminal, scale = rows
    assert (scale["device"], scale["state"], scale["ready_ms"] is None) == (
        "scale",
        "ONLINE",
        False,
    )
    assert terminal["remedy"].endswith("127.0.0.1:9")
    assert "decision  driven by toledo: [[devices.static]] names it" in chain
    assert "from plug to answer" in chain
    assert "history" in chain
    assert as_json["ready_ms"] is not None
    assert both.startswith("card terminal\n")
    assert "\n\nscale\n" in both


def names_in(bundle: Path) -> list[str]:
    assert bundle.stat().st_mode & 0o777 == 0o600
    with tarfile.open(bundle) as archive:
        return archive.getnames()


async def test_found_out_without_a_box(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "scale"
    scale_of(config, link)
    async with Crew("test") as crew:
        crew.start(ScaleSim(link=link).serve(), name="scale")
        words = ("devices", "--explain", "scale", "--config", str(config))
        code, out, _ = await command(*words)
        none, _, err = await command("devices", "--explain", "x", "--config", str(config))
    assert code == 0
    assert "state     ONLINE" in out
    assert "machine" in out
    assert none == 1
    assert "no device 'x'" in err


async def test_a_bundle_without_a_box(config: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.tar.gz"
    code, _, err = await command("support", "--out", str(bundle), "--config", str(config))
    assert code == 0
    assert err.startswith("No running box")
    assert "posedge-support/versions.json" in names_in(bundle)
