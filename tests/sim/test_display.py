import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from posedge.link.serial import open_serial
from posedge.model.errors import MisuseError, ProtocolError
from posedge.sim.display import DisplaySim
from posedge.sim.display_glass import Glass
from posedge.sim.display_languages import LANGUAGES
from posedge.tasks import Crew

PATIENCE_S = 10


def after(language: str, *data: bytes) -> tuple[str, ...]:
    glass = Glass(20, 2)
    hearing = LANGUAGES[language](glass)
    next(hearing)
    for byte in b"".join(data):
        hearing.send(byte)
    return tuple(row.rstrip() for row in glass.text)


@pytest.mark.parametrize(
    ("language", "data", "rows"),
    [
        ("cd5220", b"\x1b@\x1bQAHello\r\x1bQBWorld\r", ("Hello", "World")),
        ("cd5220", b"ab\x08c\x0b-\n+\rX", ("-c", "X+")),
        ("cd5220", b"a" * 19 + b"bc", ("a" * 19 + "b", "c")),
        ("cd5220", b"x" * 40 + b"y", ("y" + "x" * 19, "x" * 20)),
        ("cd5220", b"\x1b\x12" + b"x" * 40 + b"y", ("x" * 20, "y")),
        ("cd5220", b"up\x1bl\x05\x02down\x18low\x1b=\x02\x1b\x11", ("up", "low")),
        ("cd5220", b"\x1b\x12up\n\nnext\n", ("  next", "")),
        ("cd5220", b"abc\x0c", ("", "")),
        ("epson", b"a\x1f$\x03\x02b\x1f\x02\x1f\x01\x1bt\x13\xd5", ("a", "  b€")),
        ("epson", b"a\x18b\x1b=\x01printed\x1d\x1b@\x1b=\x03c", ("bc", "")),
        ("logic-controls", b"ab\x10\x14cd\r\x0aX\x12\x13\x04\x60", ("Xb", "cd")),
        ("aedex", b"!#1one\r!#2two\r", ("one", "two")),
        ("aedex", b"!#9" + b"a" * 20 + b"b\r", ("a" * 20, "b")),
    ],
)
def test_command_tables(language: str, data: bytes, rows: tuple[str, ...]) -> None:
    assert after(language, data) == rows


@pytest.mark.parametrize(
    ("language", "data"),
    [
        ("cd5220", b"\x07"),
        ("cd5220", b"\x7f"),
        ("cd5220", b"\x1bZ"),
        ("cd5220", b"\x1b\x13"),
        ("cd5220", b"\x1b*\x05"),
        ("cd5220", b"\x1bl\x15\x01"),
        ("cd5220", b"\x1bl\x01\x00"),
        ("cd5220", b"\x1bQA" + b"x" * 21 + b"\r"),
        ("cd5220", b"\x1bQA" + b"x" * 65),
        ("cd5220", b"\x1bQAa\x0c"),
        ("cd5220", b"\x1bQC"),
        ("epson", b"\x1f\x7f"),
        ("epson", b"\x1bt\x63"),
        ("epson", b"\x1bZ"),
        ("epson", b"\x1b=\x04"),
        ("logic-controls", b"\x10\x28"),
        ("logic-controls", b"\x04\x00"),
        ("logic-controls", b"\x1b"),
        ("aedex", b"Hello"),
        ("aedex", b"!#7x\r"),
    ],
)
def test_what_no_table_has_is_refused(language: str, data: bytes) -> None:
    with pytest.raises(ProtocolError):
        after(language, data)


def test_a_language_that_is_none() -> None:
    with pytest.raises(MisuseError, match="klingon"):
        DisplaySim("klingon")


async def test_on_a_wire_unplugged_and_plugged_again(tmp_path: Path) -> None:
    seen: list[tuple[str, ...]] = []
    sim = DisplaySim(link=tmp_path / "pole", seen=lambda glass: seen.append(glass.text))
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(sim.serve(), name="sim")
        for text in (b"one", b"two"):
            link = await open_serial(str(tmp_path / "pole"), baud=9600)
            await link.write(b"\x0c" + text, deadline_s=1)
            await sim.shows(text.decode(), "")
            sim.pty.unplug()
            await link.close()
            sim.pty.plug()
    sim.pty.unplug()
    assert seen[-1][0].rstrip() == "two"


async def test_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sim = DisplaySim(link=tmp_path / "pole")
    sim.hear(b"Hello")

    async def typed() -> AsyncIterator[str]:
        for order in ("unplug", "plug", "show", "dance"):
            yield order

    await sim.obey(typed())
    said = capsys.readouterr().out
    assert "|Hello               |" in said
    assert "'dance' is no order" in said
    sim.pty.unplug()
