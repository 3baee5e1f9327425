"""The journal beside a list in memory: whatever is called, in any order, across restarts."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from posedge.journal.store import SqliteJournal, open_journal
from posedge.journal.verify import verify
from posedge.model.entry import Draft, Entry
from posedge.model.errors import MisuseError
from tests.doubles.drafts import draft
from tests.doubles.simloop import SimLoop
from tests.journal.conftest import SOURCE

T = TypeVar("T")

SUBJECTS = st.sampled_from([f"{noun}/{n}" for noun in ("payment", "sale") for n in range(4)])
NAMES = st.sampled_from(["relay.cursor", "relay.session", "web.token"])
DRAFTS = st.builds(
    lambda subject, waits: draft(1, subject=subject, data={"open": waits}), SUBJECTS, st.booleans()
)


class JournalMachine(RuleBasedStateMachine):
    @initialize()
    def create(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.path = Path(self.folder.name) / "journal.db"
        self.loop = SimLoop()
        self.entries: list[Entry] = []
        self.notes: dict[str, str] = {}
        self.chance = random.Random(7)
        self.journal = self._open()

    @rule(drafts=st.lists(DRAFTS, max_size=4), name=NAMES, value=st.none() | st.text(max_size=5))
    def append(self, drafts: list[Draft], name: str, value: str | None) -> None:
        self.entries += self._await(self.journal.append(drafts, notes={name: value}))
        self._noted(name, value)

    @rule(groups=st.lists(st.lists(DRAFTS, min_size=1, max_size=3), min_size=2, max_size=5))
    def append_at_once(self, groups: list[list[Draft]]) -> None:
        async def at_once() -> list[tuple[Entry, ...]]:
            return await asyncio.gather(*map(self.journal.append, groups))

        stored = sorted(self._await(at_once()), key=lambda entries: entries[0].sequence)
        self.entries += [entry for entries in stored for entry in entries]

    @rule(name=NAMES, value=st.none() | st.text(max_size=5))
    def put_note(self, name: str, value: str | None) -> None:
        self._await(self.journal.put_note(name, value))
        self._noted(name, value)

    @rule()
    def refuse(self) -> None:
        async def refused() -> bool:
            try:
                await self.journal.append([draft(1), draft(2, data={"kg": 1.5})])  # type: ignore[dict-item]
            except MisuseError:
                return True
            return False

        assert self._await(refused())

    @rule()
    def restart(self) -> None:
        self._await(self.journal.close())
        self.journal = self._open()

    @rule()
    def cut_power(self) -> None:
        """Everything durable is in the files as they are now: a copy of them is the next box."""
        self.journal._files._opened.pop_all()  # no checkpoint, no mark
        self.journal._files._mark.close()
        self.journal = self._open()

    @invariant()
    def reads_agree(self) -> None:
        journal, entries = self.journal, self.entries
        assert journal.last == len(entries)
        assert list(self._await(journal.after(0, 10_000))) == entries
        newest = {entry.subject: entry for entry in entries}
        assert self._await(journal.latest("payment/1")) == newest.get("payment/1")
        ordered = sorted(newest.values(), key=lambda entry: entry.sequence)
        sales = [entry for entry in ordered if entry.subject.startswith("sale/")]
        assert list(self._await(journal.recent("sale", 3))) == sales[::-1][:3]
        assert list(self._await(journal.unsettled("sale"))) == [
            entry for entry in sales if entry.data["open"]
        ]
        assert list(self._await(journal.history("sale/1"))) == [
            entry for entry in entries if entry.subject == "sale/1"
        ]
        assert self._await(journal.notes("relay.")) == {
            name: value for name, value in self.notes.items() if name.startswith("relay.")
        }

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert verify(self.path).faults == ()

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self._await(self.journal.close())
            self.loop.close()
            self.folder.cleanup()

    def _open(self) -> SqliteJournal:
        opened = open_journal(self.path, source=SOURCE, chance=self.chance, run=self._run)
        return self._await(opened)

    async def _run(self, call: Callable[[], T], /) -> T:
        return await self.loop.run_in_executor(None, call)

    def _await(self, body: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(body)

    def _noted(self, name: str, value: str | None) -> None:
        self.notes.pop(name, None)
        if value is not None:
            self.notes[name] = value


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
