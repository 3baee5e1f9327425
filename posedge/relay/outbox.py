"""The journal on its way to headquarters: in order, pipelined, until headquarters has it.

One stream at a time, see lanes.py. PUBACK opens the window and nothing else; the cursor moves by
headquarters' own Ack. Rules: design/contract, "MQTT rules" 1 to 3.
"""

import asyncio
from contextlib import suppress

import structlog

from posedge.journal.interface import Journal
from posedge.model.entry import Entry
from posedge.model.errors import DeviceGone
from posedge.model.messages import Ack, write
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message, Session
from posedge.relay.brake import Brake
from posedge.relay.lanes import Lanes
from posedge.tasks import Crew

WINDOW = 100
"""Messages in flight: rate is window/RTT, and above 100 paho gets slower."""

READ = 200
"""Entries read from the journal at once: at most 25 MB, normally 120 kB."""

SYNC_S = 2.0
SYNC_EXPIRY_S = 60
IDLE_S = 1.0
"""How long a wake-up that never came can cost."""

log = structlog.get_logger()


class Outbox:
    """One per box; `run` serves one connection at a time."""

    def __init__(self, journal: Journal, topics: BoxTopics) -> None:
        self._journal = journal
        self._topics = topics
        self._lanes = Lanes(journal, topics.box)
        self._lane = self._lanes.current
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._answer: asyncio.Future[int] | None = None
        self._brake = Brake()
        self._rejected: str | None = None
        self._rejected_saved: str | None = None

    def __repr__(self) -> str:
        return f"<Outbox {self._lane!r}, {self._rejected or self.alarm or 'well'}>"

    @property
    def acked(self) -> int:
        """What headquarters has confirmed of the current stream."""
        return self._lanes.current.position.acked

    @property
    def behind(self) -> int:
        """Entries of all streams that are not confirmed."""
        return self._lanes.behind

    @property
    def oldest(self) -> str | None:
        """When the oldest entry that is not confirmed was journalled; at most a second old."""
        return self._lanes.oldest

    @property
    def rejected(self) -> str | None:
        """The last entry that headquarters keeps in quarantine; stays until somebody looked."""
        return self._rejected

    @property
    def alarm(self) -> str | None:
        """Why nothing is confirmed although we are connected; ends by itself."""
        return self._brake.alarm

    def wake(self) -> None:
        """Say that the journal grew."""
        self._news.set()
        self._changed.set()

    async def load(self) -> None:
        await self._lanes.load()
        self._lane = self._lanes.next
        self._rejected = self._rejected_saved = await self._journal.note(self._note)

    async def keep(self) -> None:
        """Save what changed."""
        await self._lanes.keep()
        if self._rejected != self._rejected_saved:
            self._rejected_saved = self._rejected
            await self._journal.put_note(self._note, self._rejected)

    async def changed(self) -> None:
        """Wait until there is something to keep."""
        await self._changed.wait()
        self._changed.clear()

    async def run(self, session: Session, number: int) -> None:
        """Sync, then send, until the connection ends (DeviceGone)."""
        slots = asyncio.Semaphore(min(session.receive_maximum, WINDOW))
        self._restart()
        async with Crew("relay.outbox") as crew:
            crew.start(self._send(session, number, slots, crew), name="send")
            await crew.broken()

    def resynchronise(self) -> None:
        """Headquarters came back: ask where it is instead of waiting for the pause to end."""
        self._restart()
        self._news.set()

    def acknowledged(self, ack: Ack) -> None:
        """Take headquarters' Ack; repeated, late and foreign ones change nothing."""
        lane = self._lanes.of(ack.stream)
        if lane is None:
            return
        if lane.current and ack.upto > lane.last:
            self._brake.alarm = f"headquarters confirmed {ack.upto}: not in this journal"
            return
        # An older stream may end here sooner than there: the journal was put back from a copy.
        upto = min(ack.upto, lane.last)
        if lane is self._lane and self._answer is not None and not self._answer.done():
            self._answer.set_result(upto)
        now = asyncio.get_running_loop().time()
        if lane.position.confirm(upto, now):
            self._brake.alarm = None
        for first, _ in ack.need:
            lane.position.need(first)
        for reject in ack.reject:
            where = f"{reject.seq}" if lane.current else f"{lane.stream}/{reject.seq}"
            self._rejected = f"headquarters rejected entry {where}: {reject.code}"
        if ack.hold_ms:
            self._brake.hold(ack.hold_ms / 1000, now)
        self._news.set()
        self._changed.set()

    async def _send(
        self, session: Session, number: int, slots: asyncio.Semaphore, crew: Crew
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            self._take_turns()
            if held_s := self._brake.left(loop.time()):
                await self._idle(held_s)
            elif self._brake.resync:
                await self._synchronise(session, number)
            elif not await self._batch(session, slots, crew):
                await self._idle(IDLE_S)

    def _take_turns(self) -> None:
        """Go on with the stream whose turn it is; each begins with a sync of its own."""
        if self._lane is not self._lanes.next:
            self._lane = self._lanes.next
            self._brake.resync = True

    async def _idle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    async def _synchronise(self, session: Session, number: int) -> None:
        """Ask headquarters where it is, and begin there; without an answer at the cursor."""
        loop = asyncio.get_running_loop()
        lane = self._lane
        self._brake.resync = False
        self._answer = loop.create_future()
        sync = write(lane.sync(number))
        code = await session.publish(Message(self._topics.sync, sync, expiry_s=SYNC_EXPIRY_S))
        upto = None
        if self._taken(code):
            lane.asked, lane.doubted = True, False
            with suppress(TimeoutError):
                async with asyncio.timeout(SYNC_S):
                    upto = await self._answer
        self._answer = None
        if upto is not None:
            self._brake.alarm = None
        lane.position.restart(upto, loop.time())
        if upto == 0:
            await self._lanes.doubt(lane)

    async def _batch(self, session: Session, slots: asyncio.Semaphore, crew: Crew) -> bool:
        """Send what can be sent now; False when there was nothing to do."""
        now = asyncio.get_running_loop().time
        lane, position = self._lane, self._lane.position
        if position.stalled(now()):
            self._brake.alarm = "headquarters has stopped confirming"
            position.rewind(now())
        entries = await self._journal.after(
            position.sent, min(READ, position.room), stream=lane.stream
        )
        for entry in entries:
            await slots.acquire()
            if self._brake.resync or self._brake.left(now()) or entry.sequence != position.sent + 1:
                slots.release()  # an answer that came meanwhile changed what is next
                return True
            position.advance(now())
            crew.start(self._publish(session, entry, slots), name=f"entry-{entry.sequence}")
        return bool(entries)

    async def _publish(self, session: Session, entry: Entry, slots: asyncio.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with suppress(DeviceGone):  # the reader says it, once for the whole window
            self._taken(await session.publish(self._message(entry)))
            self._lane.position.timed(loop.time() - began)
        slots.release()

    def _taken(self, code: int) -> bool:
        waiting = self._brake.resync
        taken = self._brake.passes(code, asyncio.get_running_loop().time())
        if not taken and not waiting:  # once for the whole window
            log.warning("relay.refused", reason=self._brake.alarm)
        return taken

    def _message(self, entry: Entry) -> Message:
        return Message(
            self._topics.event(entry.noun),
            entry.body,
            content_type="application/cloudevents+json",
            user=(
                ("stream", entry.stream),
                ("seq", str(entry.sequence)),
                ("ct", "application/cloudevents+json"),
            ),
        )

    def _restart(self) -> None:
        """Ask headquarters anew, about whatever it may have lost meanwhile."""
        self._lanes.forget()
        self._brake.release()

    @property
    def _note(self) -> str:
        return f"relay.rejected:{self._journal.stream}"
