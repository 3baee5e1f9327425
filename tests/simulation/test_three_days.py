"""Twenty seeds of three days without a broker; and the checks find what is planted."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from posedge.model.entry import Entry
from posedge.model.payment import TABLE, Cause, State
from posedge.mqtt.interface import Session
from posedge.relay.outbox import Outbox
from posedge.relay.position import Position
from tests.simulation.story import SHORT, tell

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_doubled_or_guessed(folder: Path, seed: int) -> None:
    outcome = tell(folder, seed)
    assert outcome.found == ()
    assert outcome.hours > 72
    assert outcome.counts["completed"] > 5
    assert outcome.counts["power cuts"] > 2
    assert outcome.counts["duplicates at headquarters"] > 0


def test_a_seed_tells_the_same_story_again(folder: Path) -> None:
    first, again, other = (
        tell(folder / name, seed, SHORT) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert first.digest != other.digest


def test_the_order_of_sets_does_not_matter(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.simulation.pace import slow_and_quiet;"
        "from tests.simulation.story import SHORT, tell\n"
        "with slow_and_quiet(): print(tell(Path(sys.argv[1]), 3, SHORT).digest)"
    )
    there = subprocess.run(
        (sys.executable, "-c", code, folder),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    here = tell(folder / "here", 3, SHORT)
    assert there.stdout.decode().strip() == here.digest


def planted(folder: Path, *, forgets_ids: bool = False) -> str:
    outcome = tell(folder, 5, SHORT, forgets_ids=forgets_ids)
    return "\n".join(outcome.found)


def test_a_till_that_forgets_its_ids_is_found(folder: Path) -> None:
    assert "times" in planted(folder, forgets_ids=True)


def test_a_cursor_moved_by_the_broker_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Outbox._publish

    async def believing(
        self: Outbox, session: Session, entry: Entry, slots: asyncio.Semaphore
    ) -> None:
        await publish(self, session, entry, slots)
        self._lane.position.confirm(entry.sequence, asyncio.get_running_loop().time())

    def deaf(self: Position, upto: int | None, now: float) -> None:
        restart(self, None if upto is None else max(upto, self.acked), now)

    restart = Position.restart
    monkeypatch.setattr(Outbox, "_publish", believing)
    monkeypatch.setattr(Position, "restart", deaf)
    monkeypatch.setattr(Position, "need", lambda _self, _first: None)
    assert "the ledger" in planted(folder)


def test_silence_taken_for_a_decline_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in (State.SENDING, State.IN_PROGRESS, State.APPROVAL_STORED):
        monkeypatch.setitem(TABLE[state], Cause.SILENCE, State.DECLINED)
        monkeypatch.setitem(TABLE[state], Cause.CRASHED, State.DECLINED)
    assert "of which the journal knows nothing" in planted(folder)
