import pytest

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Ask,
    Done,
    Frame,
    Garbled,
    Notice,
    Refused,
    Sample,
    Tare,
    Trouble,
)
from posedge.wire.scales.mass import Mass, Unit
from posedge.wire.scales.mt_sics import BUSY, ERRORS, WHY, mt_sics, read
from tests.doubles.talking import told

HUNDRED = Mass(10_000, 2, Unit.G)
STABLE = Sample(ScaleState.STABLE_WEIGHT, HUNDRED)


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        ("S S     100.00 g", STABLE),
        ("S S 100.00 g", STABLE),
        ("S D     100.00 g", Sample(ScaleState.UNSTABLE)),
        ("S S       0.00 g", Sample(ScaleState.ZERO, Mass(0, 2, Unit.G))),
        ("S S      -0.02 g", Sample(ScaleState.UNDER_ZERO)),
        ("S S      1.254 kg", Sample(ScaleState.STABLE_WEIGHT, Mass(1254, 3, Unit.KG))),
        ("S S       2.76 lb", Sample(ScaleState.STABLE_WEIGHT, Mass(276, 2, Unit.LB))),
        ("S S     500.00 ct", Trouble("the scale weighs in ct: set it to kg, g, lb or oz")),
        ("S S Error 10b", Trouble("the scale reports Error 10b: see its manual")),
        ("S I", Sample(ScaleState.NOT_READY)),
        ("S +", Sample(ScaleState.OVERWEIGHT)),
        ("S -", Sample(ScaleState.UNDER_ZERO)),
        ("Z A", Done()),
        ("ZI D", Done()),
        ("ZI S", Done()),
        ("Z I", Refused(BUSY)),
        ("Z +", Refused(WHY["+"])),
        ("Z -", Refused(WHY["-"])),
        ("T S     100.00 g", Done()),
        ("T I", Refused(BUSY)),
        ("T +", Refused(WHY["+"])),
        ("TA A     100.00 g", Tare(HUNDRED)),
        ("TA I", Refused(BUSY)),
        ("TA L", Refused(WHY["L"])),
        ("TAC A", Done()),
        ('I4 A "0123456789"', Notice("I4", "0123456789")),
        ("I4 I", Refused(BUSY)),
        ("ES", ERRORS["ES"]),
        ("EL", ERRORS["EL"]),
    ],
)
def test_each_answer(line: str, frame: Frame) -> None:
    assert read(line.encode() + b"\r\n") == frame


@pytest.mark.parametrize(
    "line",
    [
        b"ET\r\n",
        b"S S\r\n",
        b"S S x g\r\n",
        b"S S 1.0.0 g\r\n",
        b"S X 1.0 g\r\n",
        b"TA A 1.0 ct\r\n",
        b"TA A x\r\n",
        b"T S x\r\n",
        b"Z A B\r\n",
        b"hello\r\n",
        b"S S 1.0 g\n",
        b"\xff\r\n",
        b"\r\n",
    ],
)
def test_what_is_none(line: bytes) -> None:
    assert read(line) == Garbled(line)


def test_only_the_tare_memory_tells_net_from_gross() -> None:
    dialect = mt_sics()
    asked = [Ask(b"SI\r\n"), Ask(b"TA\r\n")]
    nothing, container = Tare(Mass(0, 2, Unit.G)), Tare(HUNDRED)
    assert told(dialect.weigh(), STABLE, nothing) == (asked, STABLE)
    net = Sample(STABLE.state, HUNDRED, net=True)
    assert told(dialect.weigh(), STABLE, container) == (asked, net)
    assert told(dialect.weigh(), STABLE, ERRORS["ES"]) == (asked, STABLE)
    assert told(dialect.weigh(), STABLE, None) == (asked, None)
    moving = Sample(ScaleState.UNSTABLE)
    assert told(dialect.weigh(), moving) == (asked[:1], moving)


def test_commands_wait_until_the_plate_rests() -> None:
    dialect = mt_sics()
    assert dialect.zero
    assert dialect.tare
    assert told(dialect.zero(), Done()) == ([Ask(b"Z\r\n", patient=True)], Done())
    assert told(dialect.tare(), None) == ([Ask(b"T\r\n", patient=True)], None)
