from posedge.devices.meter import (
    CALM_S,
    FLOOD_BYTES_PER_S,
    RESERVE_BYTES,
    RESERVE_CHANGES,
    RESERVE_EVENTS,
    Meter,
)


def test_an_ordinary_device_is_never_held_back() -> None:
    meter = Meter(0.0)
    for second in range(10_000):
        meter.took(11_520, float(second))
        assert meter.may_publish(float(second))
        assert meter.ready_s == second
    assert not meter.flooding


def test_bytes_without_end_are_read_slowly() -> None:
    meter = Meter(0.0)
    meter.took(RESERVE_BYTES, 0.0)
    assert (meter.flooding, meter.ready_s) == (False, 0.0)
    meter.took(4096, 0.0)
    assert meter.flooding
    assert meter.ready_s == 4096 / FLOOD_BYTES_PER_S
    assert meter.calm_s == meter.ready_s + CALM_S


def test_events_without_end_end_after_the_reserve_and_begin_again_when_calm() -> None:
    meter = Meter(0.0)
    assert sum(meter.may_publish(n / 1000) for n in range(100_000)) <= RESERVE_EVENTS + 2
    assert meter.flooding
    meter.discard()
    assert repr(meter) == "<Meter: flooding, 1 discarded>"
    meter.calm()
    assert repr(meter) == "<Meter: calm, 1 discarded>"
    assert sum(meter.may_publish(100.0) for _ in range(1000)) == 120


def test_changes_of_state_wait_when_there_are_too_many() -> None:
    meter = Meter(0.0)
    waits = [meter.change_wait_s(0.0) for _ in range(RESERVE_CHANGES + 1)]
    assert waits == [0.0] * RESERVE_CHANGES + [5.0]
