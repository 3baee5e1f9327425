import pytest

from posedge.relay.brake import PAUSE_S, REFUSED_S, Brake


def test_a_new_connection_begins_with_a_sync() -> None:
    brake = Brake()
    assert brake.resync
    assert brake.left(0) == 0


@pytest.mark.parametrize(
    ("code", "pause_s"), [(0x10, PAUSE_S), (0x97, PAUSE_S), (0x87, REFUSED_S), (0x80, REFUSED_S)]
)
def test_what_was_not_taken_pauses_and_syncs(code: int, pause_s: float) -> None:
    brake = Brake()
    brake.resync = False
    assert not brake.passes(code, 100)
    assert (brake.resync, brake.left(100), brake.left(100 + pause_s)) == (True, pause_s, 0)
    assert f"0x{code:02x}" in (brake.alarm or "")
    brake.release()
    assert brake.left(100) == 0


@pytest.mark.parametrize("code", [0x00, 0x01, 0x7F])
def test_what_was_taken_passes(code: int) -> None:
    brake = Brake()
    assert brake.passes(code, 0)
    assert brake.alarm is None


def test_headquarters_may_ask_for_a_pause() -> None:
    brake = Brake()
    brake.hold(30, 100)
    assert (brake.left(110), brake.left(131), brake.alarm) == (20, 0, None)
