"""A bundle tells how a box is, and nothing that somebody else must not know."""

import asyncio
import base64
import io
import json
import logging
import random
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from posedge import log
from posedge.app.box import Box
from posedge.app.served import served
from posedge.app.support import completed, disclosed_settings, of_machine, pack
from posedge.app.world import real_world
from posedge.clock import SystemClock
from posedge.devices.recording import read
from posedge.model.capabilities import DeviceState
from posedge.model.events import SwipeRejected
from posedge.model.money import Money
from posedge.payments.order import Order
from posedge.settings import Settings
from posedge.sim.zvt import ZvtTerminalSim
from posedge.web import admin

PANS = ("4111111111111111", "5500005555555559", "6799998900000200018")
PASSWORD = "654321"
BROKER_WORD = "wordofthebroker"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is the process's own: put back what was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def opened(bundle: bytes) -> Mapping[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        found = {}
        for entry in archive:
            body = archive.extractfile(entry)
            assert body is not None
            found[entry.name.removeprefix("posedge-support/")] = body.read()
        return found


def forms(pan: str) -> Iterator[bytes]:
    """A card number in every form in which it could stand in a file."""
    packed = bytes.fromhex(pan if len(pan) % 2 == 0 else f"{pan}f")
    yield pan.encode()
    yield packed
    yield packed.hex().encode()
    yield pan.encode().hex().encode()
    yield base64.b64encode(pan.encode())[:-4]
    yield base64.b64encode(packed)[:-4]
    yield " ".join(pan[at : at + 4] for at in range(0, len(pan), 4)).encode()


class Gun:
    """A scanner on the network that scans whatever lies in front of it."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for text in ("4006381333931", *PANS[:2], f";{PANS[0]}=26122011234567890?"):
            writer.write(f"{text}\r".encode())
        await writer.drain()
        await reader.read()  # until the box hangs up
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Box]:
    """A box that scanned, was shown cards, and took a payment at a terminal that masks nothing."""
    gun = await asyncio.start_server(Gun(), "127.0.0.1", 0)
    terminal = ZvtTerminalSim(now=lambda: datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC))
    terminal.faults.unmasked = True
    async with terminal, gun:
        static = [
            {
                "name": "terminal",
                "driver": "zvt",
                "address": f"tcp://127.0.0.1:{terminal.port}",
                "options": {"password": PASSWORD},
            },
            {
                "name": "gun",
                "driver": "serial-scanner",
                "address": f"tcp://127.0.0.1:{gun.sockets[0].getsockname()[1]}",
            },
        ]
        settings = Settings.model_validate(
            {"state_dir": folder, "devices": {"udev": False, "static": static}}
        )
        world = replace(real_world(), source=lambda _: None, chance=random.Random(1))
        async with Box(settings, world) as box, asyncio.timeout(20):
            await sell(box)
            yield box


async def sell(box: Box) -> None:
    seen = 0
    async for told in box.bus.listen(0):
        seen += isinstance(getattr(told, "event", None), SwipeRejected)
        if seen > 1 and {each.state for each in box.devices.statuses()} == {DeviceState.ONLINE}:
            break
    money = Money(minor=1234, currency="EUR")
    await box.desk.pay(Order(id="pay-1", sale="sale-1", till="1", amount=money))


async def test_a_bundle_of_a_shop_at_work(tmp_path: Path) -> None:
    log.configure("DEBUG", stream=io.StringIO(), keep=True)
    token = admin.issue(tmp_path, random.Random(7))
    async with shop(tmp_path) as box:
        word = f"mqtt://box:{BROKER_WORD}@broker.lan refused {PANS[1]}, {PANS[0].encode().hex()}"
        structlog.get_logger().warning("relay away", why=word)
        files = opened(await served(box).support())
    whole = b"\n".join(files.values())
    for pan in PANS:
        assert [form for form in forms(pan) if form in whole] == []
    for secret in (PASSWORD, BROKER_WORD, token, "2612201"):
        assert secret.encode() not in whole
        assert secret.encode().hex().encode() not in whole
    said = json.loads(files["settings.json"])
    assert said["devices"]["static"][0]["options"] == {}
    devices = json.loads(files["devices.json"])
    assert [(each["name"], each["driver"]) for each in devices] == [
        ("terminal", "zvt"),
        ("gun", "serial-scanner"),
    ]
    journal = json.loads(files["journal.json"])
    assert journal["status"]["healthy"]
    assert journal["open_payments"] == []
    assert len(journal["last"][-1]["hash"]) == 64
    assert set(journal["last"][-1]["hash"]) <= set("0123456789abcdef")
    assert b"relay away" in files["log.jsonl"]
    assert b"posedge_journal_healthy 1" in files["metrics.txt"]
    (recording,) = read(files["recordings/gun.jsonl"].decode())
    assert recording.label.driver == "serial-scanner"
    assert b"4006381333931" in files["recordings/gun.jsonl"]


async def test_what_is_told_without_a_box(tmp_path: Path) -> None:
    settings = Settings.model_validate({"state_dir": tmp_path})
    files = opened(pack(of_machine(settings, ()), SystemClock().now()))
    assert json.loads(files["devices.json"]) == []
    assert json.loads(files["settings.json"])["state_dir"] == str(tmp_path)
    assert "pydantic" in json.loads(files["versions.json"])["packages"]
    assert files["README.txt"].startswith(b"A support bundle of posedge")


def test_the_command_line_adds_what_the_kernel_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> Iterator[str]:
        return iter([f"6,1,1,-;usb 1-1: SerialNumber: {PANS[0]}"])

    monkeypatch.setattr("posedge.app.support.kernel_messages", said)
    now = SystemClock().now()
    files = opened(completed(pack({"a.txt": "a", "kernel.txt": ""}, now)))
    assert files["a.txt"] == b"a"
    assert files["kernel.txt"].startswith(b"6,1,1,-;usb 1-1: SerialNumber: ***")
    kept = opened(completed(pack({"kernel.txt": "known\n"}, now)))
    assert kept["kernel.txt"] == b"known\n"


def test_settings_without_secrets() -> None:
    assign = [
        {"device": "a", "driver": "zvt", "options": {"password": PASSWORD, "baud": 9600}},
        {"device": "b", "options": {"password": PASSWORD}},
    ]
    said = disclosed_settings(Settings.model_validate({"devices": {"assign": assign}}))
    text = json.dumps(said)
    assert PASSWORD not in text
    assert '"baud": 9600' in text
    assert '"keep_days": 7' in text
