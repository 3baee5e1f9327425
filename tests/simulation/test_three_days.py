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
from tests.simulation.scene import SHORT
from tests.simulation.story import tell

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_doubled_or_guessed(folder: Path, seed: int) -> None:
    outcome = tell(folder, seed)
    assert outcome.found == ()
    assert outcome.hours > 72
    assert outcome.counts["completed"] > 3
    assert outcome.counts["power cuts"] > 2
    assert outcome.counts["duplicates at headquarters"] > 0


def test_a_seed_tells_the_same_story_again(folder: Path) -> None:
    first, again, other = (
        tell(folder / name, seed, SHORT) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert first.digest != other.digest


def test_the_order_of_sets_does_not_matter(folder: Path) -> None:
    """Two processes whose hashes differ tell the same story."""
    code = (
        "import sys; from pathlib import Path; from tests.simulation.pace import slow_and_quiet;"
        "from tests.simulation.scene import SHORT; from tests.simulation.story import tell\n"
        "with slow_and_quiet(): print(tell(Path(sys.argv[1]), 3, SHORT).digest)"
    )
    tellers = [
        subprocess.Popen(
            (sys.executable, "-c", code, folder / hashes),
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for hashes in ("1", "4711")
    ]
    first, second = (teller.communicate()[0] for teller in tellers)
    assert first
    assert first == second


def found(folder: Path, words: str, *, forgets_ids: bool = False) -> bool:
    """Whether one of some short stories finds what was planted, and says it in these words."""
    stories = (tell(folder / f"{n}", n, SHORT, forgets_ids=forgets_ids) for n in range(8))
    return any(words in finding for story in stories for finding in story.found)


def test_a_till_that_forgets_its_ids_is_found(folder: Path) -> None:
    assert found(folder, "was sold 2 times", forgets_ids=True)


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
    assert found(folder, "have not arrived")


def test_silence_taken_for_a_decline_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in (State.SENDING, State.IN_PROGRESS, State.APPROVAL_STORED):
        monkeypatch.setitem(TABLE[state], Cause.SILENCE, State.DECLINED)
        monkeypatch.setitem(TABLE[state], Cause.CRASHED, State.DECLINED)
    assert found(folder, "of which the journal knows nothing")
