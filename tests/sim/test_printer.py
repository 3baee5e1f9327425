import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from posedge.sim.printer import BUFFER_BYTES, PrinterSim
from posedge.sim.printer_condition import Drawer, Faults
from posedge.sim.printer_lines import PtyLine, serve_tcp

RECEIPT = b"\x1b@one\ntwo\nthree\n\x1dV\0\x1d(H\x06\x0000ABCD"
DONE = b'7"ABCD\0'
SOON_S = 5.0


class Wire:
    """A line that remembers."""

    def __init__(self) -> None:
        self.sent = b""
        self.open = True
        self.flowing = True

    def send(self, data: bytes) -> None:
        self.sent += data

    def stop(self) -> None:
        self.flowing = False

    def go(self) -> None:
        self.flowing = True

    def drop(self) -> None:
        self.open = False


@pytest.fixture
def wire() -> Wire:
    return Wire()


def printer(wire: Wire, *, drawer: Drawer | None = None) -> PrinterSim:
    sim = PrinterSim(drawer)
    assert sim.attach(wire)
    return sim


def asked(sim: PrinterSim, wire: Wire, kind: int) -> int:
    wire.sent = b""
    sim.receive(bytes((0x10, 0x04, kind)))
    (byte,) = wire.sent
    return byte


def test_prints_cuts_and_says_so(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(RECEIPT)
    assert [receipt.lines for receipt in sim.receipts] == [("one", "two", "three")]
    assert wire.sent == DONE


@pytest.mark.parametrize(
    ("faults", "answers"),
    [
        (Faults(), (0x12, 0x12, 0x12, 0x12)),
        (Faults(near_end=True), (0x12, 0x12, 0x12, 0x1E)),
        (Faults(cover_open=True), (0x1A, 0x16, 0x12, 0x12)),
        (Faults(offline=True), (0x1A, 0x12, 0x12, 0x12)),
        (Faults(error=0x08), (0x1A, 0x52, 0x1A, 0x12)),
    ],
)
def test_real_time_answers(wire: Wire, faults: Faults, answers: tuple[int, ...]) -> None:
    sim = printer(wire)
    sim.faults = faults
    assert tuple(asked(sim, wire, kind) for kind in (1, 2, 3, 4)) == answers


def test_paper_out_in_the_middle_goes_on_with_the_next_roll(wire: Wire) -> None:
    sim = printer(wire)
    sim.load(2)
    sim.receive(RECEIPT)
    assert (sim.uncut.lines, sim.receipts) == (("one", "two"), [])
    assert asked(sim, wire, 4) == 0x7E
    sim.load()
    assert [receipt.lines for receipt in sim.receipts] == [("one", "two", "three")]
    assert wire.sent.endswith(DONE)


def test_automatic_status_comes_at_once_and_on_change_only(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(b"\x1da\x0f")
    assert wire.sent == bytes.fromhex("10000000")
    sim.faults = Faults()
    sim.load(0)
    sim.load(0)
    sim.load()
    assert wire.sent == bytes.fromhex("10000000 18000f00 10000000")


def test_automatic_status_watches_what_it_was_told_to(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(b"\x1da\x01")
    wire.sent = b""
    sim.faults = Faults(near_end=True)
    assert wire.sent == b""
    sim.pull_drawer()
    assert wire.sent == bytes.fromhex("14000300")
    sim.receive(b"\x1b@")
    sim.close_drawer()
    assert wire.sent == bytes.fromhex("14000300")


def test_clones_answer_less(wire: Wire) -> None:
    sim = printer(wire)
    sim.faults = Faults(no_asb=True, no_process_id=True)
    sim.receive(b"\x1da\x0f" + RECEIPT)
    assert (len(sim.receipts), wire.sent) == (1, b"")
    sim.faults = Faults(mute=True)
    sim.receive(b"\x10\x04\x01" + RECEIPT)
    assert (len(sim.receipts), wire.sent) == (2, b"")


@pytest.mark.parametrize("pulse", [b"\x1bp\0\x32\x32", b"\x1bp\1\x32\x32", b"\x10\x14\x01\x00\x02"])
def test_the_drawer_opens_by_pulse_and_is_closed_by_hand(wire: Wire, pulse: bytes) -> None:
    sim = printer(wire)
    sim.receive(pulse)
    assert (sim.condition.drawer.open, sim.drawer_opened) == (True, 1)
    assert asked(sim, wire, 1) == 0x16
    sim.close_drawer()
    assert asked(sim, wire, 1) == 0x12
    sim.receive(pulse)
    assert sim.drawer_opened == 2


@pytest.mark.parametrize(
    ("drawer", "closed", "opened"),
    [
        (Drawer(), 0x12, 0x16),
        (Drawer(high_when_open=False), 0x16, 0x12),
        (Drawer(contact=False), 0x12, 0x12),
        (Drawer(stuck=True), 0x12, 0x12),
    ],
)
def test_drawer_contacts(wire: Wire, drawer: Drawer, closed: int, opened: int) -> None:
    sim = printer(wire, drawer=drawer)
    assert asked(sim, wire, 1) == closed
    sim.receive(b"\x1bp\0\x32\x32")
    assert asked(sim, wire, 1) == opened


def test_off_line_it_takes_bytes_until_its_buffer_is_full(wire: Wire) -> None:
    sim = printer(wire)
    sim.faults = Faults(offline=True)
    sim.receive(bytes(BUFFER_BYTES - 1))
    assert (sim.room, wire.flowing) == (1, True)
    sim.receive(b"\0")
    assert (sim.room, wire.flowing) == (0, False)
    sim.faults = Faults()
    assert (sim.room, wire.flowing) == (BUFFER_BYTES, True)


def test_stalled_it_takes_nothing(wire: Wire) -> None:
    sim = printer(wire)
    sim.faults = Faults(stalled=True)
    assert (sim.room, wire.flowing) == (0, False)


def test_a_line_cut_inside_a_command_is_mended_by_a_reset(wire: Wire) -> None:
    sim = printer(wire)
    sim.cut_line(after=12)
    sim.receive(b"abc\n\x1d(k\x10\x001P0lost")
    assert not wire.open
    again = Wire()
    assert sim.attach(again)
    sim.receive(bytes(32) + RECEIPT)
    assert sim.receipts[0].lines == ("abc", "one", "two", "three")
    assert sim.violation is None


def test_a_cut_is_forgiven_where_it_was_also_behind_what_waits(wire: Wire) -> None:
    sim = printer(wire)
    sim.load(0)
    sim.receive(b"\x1b@one\n\x10\x04")  # a whole job waits in front of the half question
    sim.cut_line()
    again = Wire()
    assert sim.attach(again)
    sim.receive(bytes(8) + RECEIPT)
    sim.load()
    assert sim.violation is None
    assert sim.receipts[-1].lines[-3:] == ("one", "two", "three")


def test_the_first_foreign_byte_ends_it(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(b"abc\x07")
    assert sim.violation is not None
    assert not wire.open
    assert not sim.attach(Wire())


def test_it_talks_to_one_host(wire: Wire) -> None:
    sim = printer(wire)
    other = Wire()
    assert not sim.attach(other)
    sim.detach(other)
    sim.detach(wire)
    assert sim.attach(other)


@pytest.fixture
async def network() -> AsyncIterator[tuple[PrinterSim, int]]:
    sim = PrinterSim()
    server = await serve_tcp(sim, port=0)
    async with server:
        yield sim, server.sockets[0].getsockname()[1]


async def hung_up(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionResetError:
        return True


async def test_over_tcp(network: tuple[PrinterSim, int]) -> None:
    sim, port = network
    async with asyncio.timeout(SOON_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sim.load(0)
        writer.write(RECEIPT * 300 + b"\x10\x04\x01")  # more than its buffer holds
        await asyncio.sleep(0)
        sim.load()
        answers = await reader.readexactly(len(DONE) * 300 + 1)
        assert (answers.count(DONE), len(sim.receipts)) == (300, 300)
        second, other = await asyncio.open_connection("127.0.0.1", port)
        assert await hung_up(second)
        sim.cut_line()
        assert await hung_up(reader)
        for each in (writer, other):
            each.close()


async def test_over_a_pseudo_terminal() -> None:
    sim = PrinterSim()
    line = PtyLine(sim)
    host = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    os.write(host, RECEIPT)
    async with asyncio.timeout(SOON_S):
        assert await asyncio.to_thread(os.read, host, 7) == DONE
    sim.faults = replace(sim.faults, stalled=True)
    line.close()
    os.close(host)
    assert sim.attach(Wire())
