"""The box as systemd runs it: ready, paired with, and told to stop."""

import asyncio
import json
import signal
import socket
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from posedge.app import daemon
from posedge.cli import main
from posedge.demo.ports import free_port
from posedge.settings import Settings
from tests.cli.conftest import SCRIPT, surroundings

PATIENCE_S = 30


class Manager:
    """systemd's end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self.path)

    async def told(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return (await asyncio.get_running_loop().sock_recv(self._socket, 1000)).decode()

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def box(config: Path, manager: Manager, port: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        SCRIPT,
        *("run", "--config", config),
        env=surroundings(
            POSEDGE_WEB__PORT=str(port), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="600000"
        ),
        stderr=PIPE,
        stdout=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def command(*words: str, **environment: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        SCRIPT, *words, env=surroundings(**environment), stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_ready_paired_verified_and_stopped(config: Path, tmp_path: Path) -> None:
    port = free_port()
    with closing(Manager(tmp_path / "notify")) as manager:
        await live_and_stop(config, manager, port)


async def live_and_stop(config: Path, manager: Manager, port: int) -> None:
    async with box(config, manager, port) as process:
        assert await manager.told() == "READY=1\nWATCHDOG=1"
        assert await manager.told() == "READY=1\nWATCHDOG=1"  # a third of the 0.6 s later
        words = ("pair", "--scope", "till", "--name", "till 1", "--config", str(config))
        code, out, err = await command(*words, POSEDGE_WEB__PORT=str(port))
        assert (code, err) == (0, "")
        secret, where = out.splitlines()
        page = f"http://127.0.0.1:{port}"
        assert where == f"Give it back within ten minutes: {page}/#pair={secret}"
        async with httpx.AsyncClient(base_url=page) as till:
            paired = await till.post("/v1/pair", json={"code": secret})
            bearer = {"Authorization": f"Bearer {paired.json()['token']}"}
            (device,) = (await till.get("/v1/devices", headers=bearer)).json()
            assert device["name"] == "card terminal"
        assert (await command("journal", "verify", "--config", str(config)))[0] == 0
        process.send_signal(signal.SIGTERM)
        told = await manager.told()
        while told != "STOPPING=1":
            told = await manager.told()
        async with asyncio.timeout(PATIENCE_S):
            out_bytes, logged = await process.communicate()
        assert (process.returncode, out_bytes) == (0, b"")
        records = [json.loads(line) for line in logged.decode().splitlines()]
        assert {"box started", "web.serving"} <= {record["event"] for record in records}
        assert secret not in logged.decode()


@pytest.fixture
def certified(config: Path, tmp_path: Path) -> Path:
    """The configuration of a box with a certificate that nobody else believes."""
    certificate, key = tmp_path / "box.pem", tmp_path / "box.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"]
    words += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=till.lan"]
    subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = f'[web]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n'
    config.write_text(config.read_text().replace("[web]\n", tls))
    return config


async def test_pairing_with_a_box_that_has_a_certificate(certified: Path, tmp_path: Path) -> None:
    port = free_port()
    with closing(Manager(tmp_path / "notify")) as manager:
        async with box(certified, manager, port):
            await manager.told()
            pair = ("pair", "--config", str(certified))
            code, out, err = await command(*pair, POSEDGE_WEB__PORT=str(port))
            assert (code, err) == (0, "")
            assert f"https://127.0.0.1:{port}/#pair=" in out


def test_what_is_doubtful_is_logged_at_the_start(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    async def run(settings: Settings) -> None:
        ran.append(settings)

    def noted(_level: str = "", **_: Any) -> None:
        structlog.configure(processors=[logs])

    ran: list[Settings] = []
    logs = structlog.testing.LogCapture()
    monkeypatch.setattr(daemon, "run", run)
    monkeypatch.setattr("posedge.log.configure", noted)
    monkeypatch.setattr("posedge.log.tell_of_crashes", lambda: None)
    monkeypatch.setenv("POSEDGE_WEB__HOST", "192.0.2.1")
    try:
        assert main(["run", "--config", str(config)]) == 0
    finally:
        structlog.reset_defaults()
    assert [each.state_dir for each in ran] == [tmp_path / "state"]
    (entry,) = logs.entries
    assert entry["log_level"] == "warning"
    assert entry["said"].startswith("environment: POSEDGE_WEB__HOST: 192.0.2.1 is reached from")


def test_a_state_directory_without_rights_is_said(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["run", "--config", str(config)]) == 78
    assert "(this user may not write there): set state_dir" in capsys.readouterr().err
