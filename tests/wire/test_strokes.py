from posedge.wire.lines import ENDLESS
from posedge.wire.strokes import MAX_KEYS, Strokes, StrokeScans
from posedge.wire.typed import LOST
from tests.doubles.wedge import MS, START_NS, keys


def test_a_code_key_by_key_until_silence() -> None:
    scans = StrokeScans(caps_lock=True)
    events = keys("a\r")
    assert [scans.key(each) for each in events] == [None] * 4
    assert scans.pending
    assert "4 keys" in repr(scans)
    assert scans.silence() == Strokes(tuple(events), caps_lock=True)
    assert scans.silence() is None


def test_a_gap_divides_two_codes() -> None:
    scans = StrokeScans()
    first, second = keys("1"), keys("2", start_ns=START_NS + 1000 * MS)
    found = [scans.key(each) for each in first + second]
    assert found == [None, None, Strokes(tuple(first), caps_lock=False), None]


def test_lost_keys_void_the_code() -> None:
    scans = StrokeScans()
    scans.key(keys("1")[0])
    assert scans.lost(START_NS) is None
    assert scans.silence() == LOST
    assert not scans.pending


def test_endless_typing_is_bounded() -> None:
    scans = StrokeScans()
    for each in keys("x" * MAX_KEYS):
        scans.key(each)
    assert scans.silence() == ENDLESS
