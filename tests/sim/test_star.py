import pytest

from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Drawer, Faults
from posedge.sim.star import star_printer
from tests.sim.test_printer import Wire

ASK = b"\x1b\x06\x01"
REPORT = b"\x1b\x1ea\x01"
FINE = "230600000000000000"


@pytest.fixture
def wire() -> Wire:
    return Wire()


def printer(wire: Wire, *, drawer: Drawer | None = None) -> PrinterSim:
    sim = star_printer(drawer)
    assert sim.attach(wire)
    return sim


def told(wire: Wire) -> list[str]:
    """What was sent since, as statuses of nine bytes."""
    sent, wire.sent = wire.sent, b""
    return [sent[start : start + 9].hex() for start in range(0, len(sent), 9)]


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (Faults(), FINE),
        (Faults(near_end=True), "230600000004000000"),
        (Faults(cover_open=True), "230628000000000000"),
        (Faults(offline=True), "230608000000000000"),
        (Faults(error=0x08), "230608080000000000"),
    ],
)
def test_it_answers_when_asked(wire: Wire, faults: Faults, status: str) -> None:
    sim = printer(wire)
    sim.faults = faults
    sim.receive(ASK)
    assert told(wire) == [status]


def test_it_reports_at_once_and_on_change_only(wire: Wire) -> None:
    sim = printer(wire)
    sim.pull_drawer()
    assert told(wire) == []
    sim.receive(REPORT)
    sim.load(0)
    sim.load(0)
    assert told(wire) == ["230604000000000000", "23060c00000c000000"]
    sim.load()
    sim.receive(b"\x1b\x1ea0")
    wire.sent = b""
    sim.close_drawer()
    assert told(wire) == []


def test_etb_counts_what_is_printed_and_says_so_once(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(REPORT + b"one\ntwo\x17" + b"\x17" * 31)
    sim.receive(ASK)
    sim.receive(b"\x17")
    statuses = told(wire)
    assert statuses[1] == "230602000000000200"
    assert statuses[31] == "230602000000006e00"
    assert statuses[32:34] == ["230602000000000000", FINE]
    assert statuses[-1] == "230602000000000200"
    assert sim.uncut.lines == ("one", "two")


@pytest.mark.parametrize("zero", [b"\x1b\x1eE0", b"\x18"])
def test_the_counter_begins_anew_in_silence(wire: Wire, zero: bytes) -> None:
    sim = printer(wire)
    sim.receive(REPORT + b"\x17\x17" + zero)
    wire.sent = b""
    sim.receive(b"\x17")
    assert told(wire) == ["230602000000000200"]


def test_paper_out_in_the_middle_goes_on_with_the_next_roll(wire: Wire) -> None:
    sim = printer(wire)
    sim.load(1)
    sim.receive(b"one\ntwo\n\x1bd\x02" + REPORT + b"\x17")
    assert (sim.uncut.lines, told(wire)) == (("one",), [])
    sim.load()
    assert [receipt.lines for receipt in sim.receipts] == [("one", "two")]
    assert told(wire) == [FINE, "230602000000000200"]


@pytest.mark.parametrize("drive", [b"\x07", b"\x1a", b"\x1b\x07\x14\x14\x07"])
def test_the_drawer_opens(wire: Wire, drive: bytes) -> None:
    sim = printer(wire)
    sim.receive(drive)
    assert sim.drawer_opened == 1


def test_old_firmware_counts_nothing(wire: Wire) -> None:
    sim = printer(wire)
    sim.faults = Faults(no_process_id=True)
    sim.receive(ASK + b"\x17")
    assert wire.sent.hex() == "0f020000000000"


def test_it_hangs_up_on_another_language(wire: Wire) -> None:
    sim = printer(wire)
    sim.receive(b"\x1d(H\x06\x0000ABCD")
    assert sim.violation is not None
    assert not wire.open
