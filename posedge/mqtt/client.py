"""MQTT 5 by aiomqtt, the only file that knows it; what it does not do right is contained here.

aiomqtt 2.5.1 (with paho-mqtt 2.2 beneath) serves the socket on the event loop. Its publish()
reports a refused PUBLISH as success and waits ten seconds on a link that is already cut, so
ours asks paho itself and keeps the reason code; its incoming messages are acknowledged before
our code has seen them, so manual acknowledgement is switched on; it watches sockets by a number
that may be another's by then; paho re-sends its whole queue when it reconnects, so no client is
used twice. And mosquitto 2.0.11 overruns our Receive Maximum as soon as we acknowledge (2,000
under way instead of 3), so reading stops when too much is held: TCP tells it.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import aiomqtt
from aiomqtt.types import PahoSocket
from paho.mqtt.client import Client as Paho
from paho.mqtt.client import ConnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from posedge.model.errors import ConfigError, DeviceError, DeviceGone
from posedge.mqtt import packets
from posedge.mqtt.interface import Delivery, Hello, Message
from posedge.mqtt.settings import BrokerAddress, Tls

ANSWER_S = 5.0
"""A broker that has not answered by now is gone: 25 times the longest round trip of GSM."""

UNLIMITED = 65_535
"""Receive Maximum when the broker names none, MQTT 5.0 §3.2.2.3.3."""


class AiomqttBroker:
    """Connects to one broker. `answer_s` bounds CONNACK, SUBACK and PUBACK alike.

    ConfigError `tls.unreadable` at once when the certificate files are no good. They are read
    again at each connect, for they are renewed; if that goes wrong, it is no reason to end.
    """

    def __init__(self, address: BrokerAddress, *, answer_s: float = ANSWER_S) -> None:
        self._address = address
        self._answer_s = answer_s
        self._context()

    async def connect(self, hello: Hello) -> "AiomqttSession":
        try:
            context = self._context()
        except ConfigError as error:
            raise DeviceError(error.code, error.message) from None
        client = _Client(self._address, hello, context, answer_s=self._answer_s)
        try:
            await client.__aenter__()
        except aiomqtt.MqttCodeError as error:
            client.drop()
            raise DeviceError("broker.refused", f"the broker refused us: {error}") from None
        except (aiomqtt.MqttError, OSError) as error:
            client.drop()
            raise DeviceError("broker.unreachable", f"no broker: {error or 'silence'}") from None
        return AiomqttSession(client, answer_s=self._answer_s)

    def _context(self) -> ssl.SSLContext | None:
        return _tls(self._address.tls) if self._address.tls else None


class _Client(aiomqtt.Client):
    """aiomqtt's client, with what paho learnt and aiomqtt drops: reason codes and properties."""

    def __init__(
        self,
        address: BrokerAddress,
        hello: Hello,
        tls: ssl.SSLContext | None,
        *,
        answer_s: float,
    ) -> None:
        will = hello.will
        silent = logging.getLogger("posedge.mqtt.paho")
        silent.setLevel(logging.CRITICAL)  # what paho logs as errors is raised here as well
        super().__init__(
            address.host,
            address.port,
            identifier=hello.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=hello.keepalive_s,
            timeout=answer_s,
            logger=silent,
            tls_context=tls,
            max_inflight_messages=UNLIMITED,  # the application owns the window
            properties=packets.connect_properties(hello),
            will=aiomqtt.Will(
                will.topic, will.payload, will.qos, will.retain, packets.will_properties(hello)
            ),
        )
        self._client.manual_ack_set(True)
        self.answers: dict[int, asyncio.Future[int]] = {}
        self._held = 0
        self._limit = hello.receive_maximum
        self._paused = False
        self.receive_maximum = UNLIMITED

    @property
    def lost(self) -> asyncio.Future[None]:
        return self._disconnected

    def post(self, message: Message) -> asyncio.Future[int]:
        """Hand one PUBLISH to paho; the future is the PUBACK's reason code."""
        info = self._client.publish(
            message.topic, message.payload, message.qos, message.retain, packets.properties(message)
        )
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if info.rc != 0:
            answer.set_exception(DeviceGone("broker.lost", f"the link is cut (paho {info.rc})"))
        elif message.qos == 0:
            answer.set_result(0)
        else:
            self.answers[info.mid] = answer
        return answer

    def take(self, mid: int, qos: int) -> None:
        """Send the PUBACK of a received message; on a cut link the broker delivers it again."""
        self._client.ack(mid, qos)
        self._held -= min(qos, 1)
        sock = self._client.socket()
        if self._paused and self._held <= self._limit and isinstance(sock, socket.socket):
            self._paused = False
            if self._misc_task is not None:
                self._misc_task.cancel()  # opening starts another
            super()._on_socket_open(self._client, None, sock)

    def arrived(self) -> Iterator[aiomqtt.Message]:
        """Yield what is here already: aiomqtt's iterator takes three rounds of the loop each."""
        while not self._queue.empty():
            yield self._queue.get_nowait()

    def drop(self) -> None:
        """End the link without DISCONNECT, for which paho has no public way: the will stands."""
        if not self._disconnected.done():
            self._disconnected.set_exception(aiomqtt.MqttError("no answer: taken as cut"))
            self._disconnected.exception()
        self._client._sock_close()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def _on_connect(
        self,
        client: Paho,
        userdata: Any,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.receive_maximum = getattr(properties, "ReceiveMaximum", UNLIMITED)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_message(self, client: Paho, userdata: Any, message: MQTTMessage) -> None:
        super()._on_message(client, userdata, message)
        self._held += min(message.qos, 1)
        sock = client.socket()
        if self._held > self._limit and not self._paused and isinstance(sock, socket.socket):
            self._paused = True
            self._loop.remove_reader(sock.fileno())

    def _on_socket_register_write(
        self,
        client: Paho,
        userdata: Any,  # noqa: ARG002 - aiomqtt's signature
        sock: PahoSocket,
    ) -> None:
        """Watch the socket only if it is still open when its turn comes."""

        def register() -> None:
            if sock.fileno() >= 0:
                self._loop.add_writer(sock.fileno(), client.loop_write)

        self._loop.call_soon_threadsafe(register)

    def _on_publish(
        self,
        client: Paho,  # noqa: ARG002 - aiomqtt's signature
        userdata: Any,  # noqa: ARG002
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,  # noqa: ARG002
    ) -> None:
        answer = self.answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(reason_code.value)


class AiomqttSession:
    """A Session over one aiomqtt client."""

    def __init__(self, client: _Client, *, answer_s: float) -> None:
        self._client = client
        self._answer_s = answer_s
        client.lost.add_done_callback(self._fail)

    @property
    def receive_maximum(self) -> int:
        return self._client.receive_maximum

    async def subscribe(self, filters: Sequence[str]) -> None:
        try:
            await self._client.subscribe([(name, 1) for name in filters])
        except aiomqtt.MqttError as error:
            raise _lost(error) from None

    async def publish(self, message: Message) -> int:
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._client.post(message)
        except TimeoutError:
            self._client.drop()
            raise DeviceGone("broker.silent", f"no PUBACK for {self._answer_s:g} s") from None

    async def deliveries(self) -> AsyncIterator[Delivery]:
        try:
            async for found in self._client.messages:
                yield self._delivery(found)
                for more in self._client.arrived():
                    yield self._delivery(more)
        except aiomqtt.MqttError as error:
            raise _lost(error) from None

    async def close(self) -> None:
        try:
            await self._client.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            self._client.drop()

    def _delivery(self, found: aiomqtt.Message) -> Delivery:
        mid, qos = found.mid, found.qos
        return Delivery(packets.message(found), lambda: self._client.take(mid, qos))

    def _fail(self, lost: asyncio.Future[None]) -> None:
        lost.exception()  # seen, also when nobody reads any more
        for answer in self._client.answers.values():
            if not answer.done():
                answer.set_exception(DeviceGone("broker.lost", "the link was cut"))
                answer.exception()  # whoever waited may have been cancelled meanwhile
        self._client.answers.clear()


def _lost(error: aiomqtt.MqttError) -> DeviceGone:
    return DeviceGone("broker.lost", f"the link was cut: {error.__cause__ or error}")


def _tls(files: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=files.ca)
        context.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError("tls.unreadable", f"certificate files: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
