"""Who is there: births, deaths and last wills, tied together by a session number."""

from typing import Literal

from posedge.journal.interface import Journal
from posedge.model.messages import Status, write
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Hello, Message
from posedge.relay.settings import RelaySettings

SESSION_EXPIRY_S = 86_400
"""A day: commands and acks that came meanwhile are still there after a night without power."""

RECEIVE_MAXIMUM = 50

_NOTE = "relay.session"


class Presence:
    """The retained `status` of one box."""

    def __init__(
        self, journal: Journal, topics: BoxTopics, settings: RelaySettings, version: str
    ) -> None:
        self._journal = journal
        self._topics = topics
        self._settings = settings
        self._version = version

    async def next_number(self) -> int:
        """Return the number of the connection to come, durable before its CONNECT."""
        number = int(await self._journal.note(_NOTE) or "0") + 1
        await self._journal.put_note(_NOTE, str(number))
        return number

    def hello(self, number: int) -> Hello:
        return Hello(
            client_id=self._topics.box,
            will=self._retained(Status(status="offline", session=number, reason="will")),
            will_delay_s=self._settings.will_delay_s,
            session_expiry_s=SESSION_EXPIRY_S,
            keepalive_s=self._settings.keepalive_s,
            receive_maximum=RECEIVE_MAXIMUM,
        )

    def message(
        self,
        status: Literal["online", "offline", "draining"],
        number: int,
        *,
        since: str | None = None,
        reason: str | None = None,
    ) -> Message:
        return self._retained(
            Status(
                status=status,
                session=number,
                reason=reason,
                stream=self._journal.stream,
                last=self._journal.last,
                version=self._version,
                since=since,
            )
        )

    def _retained(self, status: Status) -> Message:
        return Message(self._topics.status, write(status), retain=True)
