import random
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from posedge import clock
from posedge.clock import BUILD_FLOOR_NS, Ids, SystemClock
from posedge.model.stamp import Stamp

BOOT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def no_timesyncd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine where timesyncd's directory is `tmp_path/timesync`, which is not there."""
    flag = tmp_path / "timesync" / "synchronized"
    monkeypatch.setattr(clock, "TIMESYNC", flag)
    return flag


def at(monkeypatch: pytest.MonkeyPatch, utc_ns: int) -> Stamp:
    monkeypatch.setattr("time.time_ns", lambda: utc_ns)
    return SystemClock().now()


def test_time_goes_on_and_the_boot_stays_the_same() -> None:
    system = SystemClock()
    first, second = system.now(), system.now()
    assert first.monotonic_ns <= second.monotonic_ns
    assert first.boot_id == second.boot_id == SystemClock().now().boot_id
    assert len(first.boot_id) == 32


def test_the_unit_can_pass_the_boot_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSEDGE_BOOT_ID", BOOT)
    monkeypatch.setattr(clock, "BOOT_ID", Path("/nonexistent"))
    assert SystemClock().now().boot_id == BOOT


def test_a_time_before_this_release_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, no_timesyncd: Path
) -> None:
    assert not at(monkeypatch, BUILD_FLOOR_NS - 1).trusted
    assert at(monkeypatch, BUILD_FLOOR_NS).trusted


def test_where_timesyncd_runs_it_must_have_said_so(
    monkeypatch: pytest.MonkeyPatch, no_timesyncd: Path
) -> None:
    no_timesyncd.parent.mkdir()
    assert not at(monkeypatch, BUILD_FLOOR_NS).trusted
    no_timesyncd.touch()
    assert at(monkeypatch, BUILD_FLOOR_NS).trusted


def test_trust_is_looked_at_once_a_second(
    monkeypatch: pytest.MonkeyPatch, no_timesyncd: Path
) -> None:
    no_timesyncd.parent.mkdir()
    monkeypatch.setattr("time.time_ns", lambda: BUILD_FLOOR_NS)
    monotonic_ns = iter([7, 7 + clock.LOOK_NS - 1, 7 + clock.LOOK_NS])
    monkeypatch.setattr("time.monotonic_ns", lambda: next(monotonic_ns))
    system = SystemClock()
    assert not system.now().trusted
    no_timesyncd.touch()
    assert not system.now().trusted
    assert system.now().trusted


class FixedClock:
    def __init__(self, utc_ns: int) -> None:
        self.stamp = Stamp(utc_ns=utc_ns, monotonic_ns=0, boot_id=BOOT, trusted=True)

    def now(self) -> Stamp:
        return self.stamp


def test_ids_are_uuid_version_7_with_the_time_in_front() -> None:
    made = uuid.UUID(Ids(FixedClock(1_795_392_000_123_456_789), random.Random(1)).new())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 1_795_392_000_123


def test_ids_sort_by_time_and_differ_within_a_millisecond() -> None:
    fixed = FixedClock(BUILD_FLOOR_NS)
    ids = Ids(fixed, random.Random(1))
    early = {ids.new() for _ in range(100)}
    fixed.stamp = fixed.stamp.model_copy(update={"utc_ns": BUILD_FLOOR_NS + 1_000_000})
    late = {ids.new() for _ in range(100)}
    assert len(early) == len(late) == 100
    assert max(early) < min(late)


def test_ids_repeat_with_their_seed_and_never_without_one() -> None:
    fixed = FixedClock(BUILD_FLOOR_NS)
    seeded = Ids(fixed, random.Random(1))
    assert seeded.new() == replace(seeded, chance=random.Random(1)).new()
    assert Ids(fixed).new() != Ids(fixed).new()
