import os
from collections.abc import AsyncIterator

import pytest

from posedge.sim.scanner import ScannerSim, aim_identified
from posedge.wire.gs1 import read_code


async def lines(*codes: str) -> AsyncIterator[str]:
    for code in codes:
        yield code


async def sent(sim: ScannerSim, *codes: str) -> bytes:
    driver = os.open(sim.pty.path, os.O_RDWR | os.O_NOCTTY)
    await sim.serve(lines(*codes))
    data = b""
    while data.count(sim.terminator) < sum(map(bool, codes)):  # the tty hands over what it has
        data += os.read(driver, 4096)
    os.close(driver)
    sim.pty.unplug()
    return data


async def test_codes_with_their_terminator() -> None:
    sim = ScannerSim(terminator=b"\r\n")
    assert await sent(sim, "4006381333931", "", "10A{GS}17") == b"4006381333931\r\n10A\x1d17\r\n"


async def test_character_by_character() -> None:
    assert await sent(ScannerSim(character_s=0.001), "Grüße") == "Grüße\r".encode()


async def test_unplug_and_plug() -> None:
    sim = ScannerSim()
    await sim.serve(lines("unplug", "4006381333931", "plug"))
    assert sim.pty.plugged
    assert await sent(sim, "96385074") == b"96385074\r"


@pytest.mark.parametrize(
    ("code", "symbology"),
    [
        ("96385074", "EAN-8"),
        ("036000291452", "EAN-13/UPC"),
        ("4006381333931", "EAN-13/UPC"),
        ("0104006381333931\x1d10A", "GS1-128"),
        ("\x1d0104006381333931", "GS1-128"),
        ("ABC-123", "Code 128"),
        ("123", "Code 128"),
    ],
)
def test_aim_identifiers(code: str, symbology: str) -> None:
    assert read_code(aim_identified(code)).symbology == symbology


async def test_aim_is_sent_when_switched_on() -> None:
    assert await sent(ScannerSim(aim=True), "96385074") == b"]E496385074\r"
