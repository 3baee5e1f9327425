"""What comes from headquarters, to whom it belongs."""

from contextlib import suppress

import structlog

from posedge.model.errors import ProtocolError
from posedge.model.messages import Ack, HqStatus, read
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Delivery, Message, Session
from posedge.relay.commands import Commands
from posedge.relay.outbox import Outbox
from posedge.relay.shadow import Shadow
from posedge.tasks import Crew

log = structlog.get_logger()


class Dispatch:
    """Reads one connection at a time; `owner` runs commands, which may outlive it."""

    def __init__(
        self, topics: BoxTopics, outbox: Outbox, shadow: Shadow, commands: Commands
    ) -> None:
        self._topics = topics
        self._outbox = outbox
        self._shadow = shadow
        self._commands = commands

    @property
    def filters(self) -> tuple[str, ...]:
        topics = self._topics
        return topics.ack, topics.command("+"), topics.desired("+"), topics.headquarters

    async def run(self, session: Session, owner: Crew) -> None:
        """Take what comes until the connection ends (DeviceGone)."""
        async for delivery in session.deliveries():
            await self._take(session, delivery, owner)

    async def _take(self, session: Session, delivery: Delivery, owner: Crew) -> None:
        message = delivery.message
        kind, _, name = message.topic.removeprefix(f"{self._topics.base}/").partition("/")
        if kind == "cmd":  # acknowledged when its id is on disk
            owner.start(self._commands.take(session, name, delivery), name=f"cmd-{name}")
            return
        if kind == "desired":
            await self._shadow.desired(name, message.payload)
        elif kind == "ack":
            self._acknowledged(message)
        elif message.topic == self._topics.headquarters:
            self._headquarters(message)
        delivery.acknowledge()

    def _acknowledged(self, message: Message) -> None:
        try:
            self._outbox.acknowledged(read(Ack, message.payload))
        except ProtocolError as error:
            log.warning("relay.unreadable_ack", why=error.message)

    def _headquarters(self, message: Message) -> None:
        """When headquarters comes back while we are here, sync at once."""
        with suppress(ProtocolError):
            if read(HqStatus, message.payload).online and not message.retain:
                self._outbox.resynchronise()
