"""What relay and headquarters ask of a broker; `client` is the real one, tests have a liar."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

SUCCESS = 0x00
NO_MATCHING_SUBSCRIBERS = 0x10
NOT_AUTHORIZED = 0x87
QUOTA_EXCEEDED = 0x97
"""PUBACK reason codes, MQTT 5.0 §3.4.2.1. From 0x80 on the message was not taken."""

FAILURE = 0x80


@dataclass(frozen=True, slots=True)
class Message:
    """One PUBLISH. `expiry_s`, when received, is what is left of it (MQTT 5.0 §3.3.2.3.3)."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    user: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A received message. The broker keeps it until `acknowledge` is called."""

    message: Message
    acknowledge: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Hello:
    """What CONNECT says. Clean start is 0 on every connect: a session is never thrown away.

    `receive_maximum` is how many messages may be on their way to us unacknowledged.
    """

    client_id: str
    will: Message
    will_delay_s: int = 0
    session_expiry_s: int = 0
    keepalive_s: int = 60
    receive_maximum: int = 50


class Session(Protocol):
    """One connection. Every call raises DeviceGone (`broker.lost`, `broker.silent`) when it ends.

    A call never outlives the connection by more than the client's answer time, and silence ends
    the connection. Whatever ends it ends `deliveries` too: who reads says it for all others.
    """

    @property
    def receive_maximum(self) -> int:
        """How many unacknowledged messages the broker is willing to take from us."""
        ...

    async def subscribe(self, filters: Sequence[str]) -> None:
        """Subscribe at QoS 1. That it was granted proves nothing: brokers deny at delivery."""
        ...

    async def publish(self, message: Message) -> int:
        """Return the PUBACK's reason code (0 for QoS 0). Sent in the order of the calls."""
        ...

    def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield what arrives until the connection ends (DeviceGone)."""
        ...

    async def close(self) -> None:
        """Disconnect in order: the will is not published. Never raises, ends within seconds."""
        ...


class Broker(Protocol):
    async def connect(self, hello: Hello) -> Session:
        """Return a session; DeviceError `broker.unreachable` or `broker.refused`."""
        ...
