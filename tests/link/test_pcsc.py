"""Readers through pyscard: by its errors, and through a real pcscd with a virtual card."""

import asyncio
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from posedge.clock import SystemClock
from posedge.drivers.pcsc import PcscReader
from posedge.link.interface import CardLink
from posedge.link.pcsc import PcscLink, open_pcsc
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import Tapped
from posedge.tasks import Crew
from tests.doubles.cards import Card
from tests.doubles.place import Place

PATIENCE_S = 20
VIRTUAL_READER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
SOCKET = Path("/run/pcscd/pcscd.comm")
GET_ATR = 4


def missing() -> str | None:
    if find_spec("smartcard") is None:
        return "pyscard is not installed"
    if shutil.which("pcscd") is None or not VIRTUAL_READER.exists():
        return "pcscd or vsmartcard-vpcd is not installed"
    if os.geteuid() != 0:
        return "only root may start a pcscd"
    return "another pcscd runs" if SOCKET.exists() else None


def scard(**given: object) -> SimpleNamespace:
    """Return what pyscard would be, with a service and no reader."""
    usual: dict[str, object] = {
        "SCARD_SCOPE_USER": 0,
        "SCARD_S_SUCCESS": 0,
        "SCardEstablishContext": lambda _: (0, 1),
        "SCardReleaseContext": lambda _: 0,
        "SCardListReaders": lambda *_: (1, []),
    }
    return SimpleNamespace(**(usual | given))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SCardEstablishContext": lambda _: (1, None)}, "device.unreachable"),
        ({}, "device.unreachable"),
        ({"SCardListReaders": lambda *_: (0, ["ACS A 00 00", "ACS B 01 00"])}, "device.ambiguous"),
    ],
)
async def test_what_cannot_be_opened(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, object], code: str
) -> None:
    monkeypatch.setattr("posedge.link.pcsc.importlib.import_module", lambda _: scard(**given))
    with pytest.raises(DeviceError) as caught:
        await open_pcsc("acs")
    assert caught.value.code == code


async def test_without_pyscard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr("posedge.link.pcsc.importlib.import_module", absent)
    with pytest.raises(DeviceError, match=r"posedge\[pcsc\]"):
        await open_pcsc("")


async def failure(reader: PcscReader) -> DeviceError:
    try:
        await reader.run()
    except DeviceError as error:
        return error
    raise AssertionError("a driver never returns")


def free_ports() -> int:
    """Return a port that is free together with the next one: the reader has two slots."""
    while True:
        with socket.socket() as one, socket.socket() as two, suppress(OSError):
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            two.bind(("127.0.0.1", port + 1))
            return port


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[tuple[PcscLink, int]]:
    """Run pcscd with a virtual reader alone; cards come to it on the port."""
    port = free_ports()
    (folder / "vpcd").write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{port:X}\n'
        f"LIBPATH {VIRTUAL_READER}\nCHANNELID 0x{port:X}\n"
    )
    process = await asyncio.create_subprocess_exec(
        "pcscd", "--foreground", "--config", str(folder), stdout=subprocess.DEVNULL
    )
    try:
        yield await opened(), port
    finally:
        process.terminate()
        await process.wait()


async def opened() -> PcscLink:
    while True:
        try:
            return await open_pcsc("Virtual PCD 00 00")
        except DeviceError:  # not yet
            await asyncio.sleep(0.05)


async def lie(card: Card, port: int) -> None:
    """Be the card until it is taken away: a length of two bytes before each message."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            (size,) = struct.unpack(">H", await reader.readexactly(2))
            said = await reader.readexactly(size)
            if size == 1 and said[0] != GET_ATR:
                continue  # power on, off, reset: no answer
            answer = bytes.fromhex(card.atr) if size == 1 else card.answer(said)
            writer.write(struct.pack(">H", len(answer)) + answer)
    finally:
        writer.close()


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
async def test_a_virtual_card_through_pcscd(tmp_path: Path) -> None:
    card = Card(answers={"FFCA000000": "04A1B2C39000", "00B0000004": "DEADBEEF9000"})
    async with asyncio.timeout(PATIENCE_S), service(tmp_path) as (link, port), Crew("test") as crew:
        assert "open" in repr(link)
        place: Place[CardLink] = Place(link, SystemClock(), {"allow": "00B0"})
        reader = PcscReader(place.site)
        running = crew.start(failure(reader), name="driver")
        laid = crew.start(lie(card, port), name="card")
        await place.heard(1)
        event = place.events[0]
        assert isinstance(event, Tapped)
        assert (event.uid, event.atr, event.payment) == ("04A1B2C3", "3B80800101", False)
        assert (await reader.exchange(b"\0\xb0\0\0\4")).hex() == "deadbeef9000"
        laid.cancel()
        with pytest.raises(DeviceError) as caught:
            await asyncio.gather(*(reader.exchange(b"\0\xb0\0\0\4") for _ in range(500)))
        assert caught.value.code == "card.absent"
        await link.close()
        await link.close()
        assert isinstance(await running, DeviceGone)
        assert "closed" in repr(link)
