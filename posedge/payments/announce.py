"""Tell the bus without waiting for it: publishing never gates the till."""

import asyncio
from collections import deque

import structlog

from posedge.bus import Bus
from posedge.model.errors import StorageError
from posedge.model.events import Event
from posedge.tasks import Crew

BREATH_S = 0.02
"""The moves of a payment come first: to tell of each at once was a third of the box's share."""

WAITING = 1000
"""Events kept for a shelf that is slow; the journal knows, so the oldest may go."""

log = structlog.get_logger()


class Announcer:
    """Publishes in order, in a task that lives only while there is something to say."""

    def __init__(self, bus: Bus, crew: Crew) -> None:
        self._bus = bus
        self._crew = crew
        self._events: deque[Event] = deque(maxlen=WAITING)
        self._speaking = False

    def say(self, event: Event) -> None:
        self._events.append(event)
        if not self._speaking:
            self._speaking = True
            self._crew.start(self._speak(), name="announce")

    async def _speak(self) -> None:
        try:
            await asyncio.sleep(BREATH_S)
            while self._events:
                await self._bus.publish(self._events.popleft())
        except StorageError as error:
            log.warning("event.unpublished", code=error.code, reason=error.message)
        finally:
            self._speaking = False
