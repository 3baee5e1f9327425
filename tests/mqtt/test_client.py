"""aiomqtt behind our seam, against a real mosquitto: each known fault is shown to be contained."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest

from posedge.demo.mosquitto import Mosquitto, access_rules
from posedge.model.entry import MAX_ENTRY_BYTES
from posedge.model.errors import ConfigError, DeviceError, DeviceGone
from posedge.mqtt.client import AiomqttBroker, AiomqttSession
from posedge.mqtt.interface import NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED, Delivery, Hello, Message
from posedge.mqtt.packets import MAX_PACKET_BYTES
from posedge.mqtt.settings import BrokerAddress, Tls

WILL = Message("posedge/v1/acme/s1/b1/status", b"dead", retain=True)


def hello(name: str = "b1", *, expiry_s: int = 0, receive_maximum: int = 50) -> Hello:
    return Hello(
        client_id=name, will=WILL, session_expiry_s=expiry_s, receive_maximum=receive_maximum
    )


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path) as running:
        yield running


async def connect(
    broker: Mosquitto, name: str = "b1", *, expiry_s: int = 0, answer_s: float = 5.0
) -> AiomqttSession:
    seam = AiomqttBroker(broker.address, answer_s=answer_s)
    return await seam.connect(hello(name, expiry_s=expiry_s))


async def first(session: AiomqttSession) -> Delivery:
    async with asyncio.timeout(5):
        async for delivery in session.deliveries():
            return delivery
    raise AssertionError("the stream of deliveries ended")


async def test_everything_of_a_message_survives_the_way(broker: Mosquitto) -> None:
    reader, writer = await connect(broker, "reader"), await connect(broker, "writer")
    await reader.subscribe(("a/+",))
    sent = Message(
        "a/b",
        b"\x00payload",
        expiry_s=60,
        content_type="text/plain",
        response_topic="a/answer",
        correlation=b"\x01\x02",
        user=(("stream", "x"), ("seq", "1")),
    )
    assert await writer.publish(sent) == 0
    delivery = await first(reader)
    assert delivery.message == sent
    delivery.acknowledge()
    await reader.close()
    await writer.close()


async def test_broker_names_its_window(broker: Mosquitto) -> None:
    session = await connect(broker)
    assert session.receive_maximum == 1000
    await session.close()


async def test_what_is_longer_than_anything_we_say_never_arrives(broker: Mosquitto) -> None:
    reader, writer = await connect(broker, "reader"), await connect(broker, "writer")
    await reader.subscribe(("a/+",))
    await writer.publish(Message("a/b", bytes(MAX_PACKET_BYTES)))
    await writer.publish(Message("a/b", bytes(MAX_ENTRY_BYTES)))
    delivery = await first(reader)
    assert len(delivery.message.payload) == MAX_ENTRY_BYTES
    await reader.close()
    await writer.close()


async def test_nobody_listening_is_told(broker: Mosquitto) -> None:
    session = await connect(broker)
    assert await session.publish(Message("a/b", b"")) == NO_MATCHING_SUBSCRIBERS
    assert await session.publish(Message("a/b", b"", qos=0)) == 0
    await session.close()


async def test_refused_publish_is_told(tmp_path: Path) -> None:
    async with Mosquitto(tmp_path, acl=access_rules(box="%c")) as broker:
        session = await connect(broker)
        own = await session.publish(Message("posedge/v1/acme/s1/b1/e/sale", b""))
        foreign = await session.publish(Message("posedge/v1/acme/s1/b2/e/sale", b""))
        await session.close()
    assert (own, foreign) == (NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED)


async def test_what_was_not_acknowledged_comes_again(broker: Mosquitto) -> None:
    reader, writer = await connect(broker, "r", expiry_s=60), await connect(broker, "w")
    await reader.subscribe(("a",))
    await writer.publish(Message("a", b"1"))
    assert (await first(reader)).message.payload == b"1"
    await reader.close()  # our code has seen it, and did not say so
    reader = await connect(broker, "r", expiry_s=60)
    again = await first(reader)
    assert again.message.payload == b"1"
    again.acknowledge()
    await writer.publish(Message("a", b"2"))
    assert (await first(reader)).message.payload == b"2"
    await reader.close()
    await writer.close()


@pytest.mark.parametrize("tls", [False, True])
async def test_no_more_is_held_than_we_are_willing_to_receive(tmp_path: Path, tls: bool) -> None:
    """mosquitto 2.0.11 sends more than one message for each that we acknowledge."""
    certificate = None
    if tls:
        _authority(tmp_path)
        certificate = _certificate(tmp_path, "localhost")
    async with Mosquitto(tmp_path, tls=certificate) as broker:
        where = broker.address.model_copy(update={"host": "localhost", "tls": certificate})
        reader = await AiomqttBroker(where).connect(hello("r", receive_maximum=20))
        writer = await AiomqttBroker(where).connect(hello("w"))
        await reader.subscribe(("a",))
        for start in range(0, 1000, 100):
            numbers = range(start, start + 100)
            await asyncio.gather(*(writer.publish(Message("a", b"%d" % n)) for n in numbers))
        seen: list[bytes] = []
        async with asyncio.timeout(10):
            async for delivery in reader.deliveries():
                delivery.acknowledge()
                seen.append(delivery.message.payload)
                assert reader._client._held <= 40
                if len(seen) == 1000:
                    break
        assert seen == [b"%d" % number for number in range(1000)]
        await reader.close()
        await writer.close()


async def test_killed_broker_ends_everything_at_once(broker: Mosquitto) -> None:
    session = await connect(broker, answer_s=30)
    began = asyncio.get_running_loop().time()
    await broker.kill()
    with pytest.raises(DeviceGone, match="cut"):
        await first(session)
    with pytest.raises(DeviceGone):
        await session.publish(Message("a", b""))
    with pytest.raises(DeviceGone):
        await session.subscribe(("a",))
    await session.close()
    assert asyncio.get_running_loop().time() - began < 2


async def test_publish_under_way_ends_with_the_link() -> None:
    """aiomqtt would wait for ten seconds."""
    async with _MuteBroker() as address:
        session = await AiomqttBroker(address.where, answer_s=30).connect(hello())
        asyncio.get_running_loop().call_soon(address.hang_up)
        publishing = [session.publish(Message("a", b"")) for _ in range(5)]
        async with asyncio.timeout(2):
            ends = await asyncio.gather(*publishing, return_exceptions=True)
        assert {type(end) for end in ends} == {DeviceGone}
        await session.close()


async def test_silent_link_ends_in_bounded_time() -> None:
    async with _MuteBroker() as address:
        session = await AiomqttBroker(address.where, answer_s=0.2).connect(hello())
        with pytest.raises(DeviceGone, match="no PUBACK"):
            await session.publish(Message("a", b""))
        with pytest.raises(DeviceGone):
            await first(session)
        async with asyncio.timeout(1):
            await session.close()
            await address.hung_up.wait()


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        where = BrokerAddress(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(DeviceError) as caught:
            await AiomqttBroker(where).connect(hello())
    assert caught.value.code == "broker.unreachable"


async def test_refused_connect() -> None:
    async with _MuteBroker(connack=b"\x20\x03\x00\x87\x00") as address:
        with pytest.raises(DeviceError) as caught:
            await AiomqttBroker(address.where).connect(hello())
    assert caught.value.code == "broker.refused"


async def test_will_is_published_when_the_link_is_cut(broker: Mosquitto) -> None:
    observer, victim = await connect(broker, "observer"), await connect(broker, "victim")
    await observer.subscribe((WILL.topic,))
    victim._client.drop()
    delivery = await first(observer)
    assert delivery.message.payload == b"dead"
    await observer.close()
    await victim.close()


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
async def test_mutual_tls_makes_the_certificate_the_identity(tmp_path: Path) -> None:
    _authority(tmp_path)
    server = _certificate(tmp_path, "localhost")
    async with Mosquitto(tmp_path, tls=server, acl=access_rules()) as broker:
        box = broker.address.model_copy(
            update={"host": "localhost", "tls": _certificate(tmp_path, "b1")}
        )
        session = await AiomqttBroker(box).connect(hello())
        own = await session.publish(Message("posedge/v1/acme/s1/b1/e/sale", b""))
        foreign = await session.publish(Message("posedge/v1/acme/s1/b2/e/sale", b""))
        await session.close()
        assert (own, foreign) == (NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED)
        misnamed = box.model_copy(update={"host": "127.0.0.1"})  # not in the broker's certificate
        with pytest.raises(DeviceError):
            await AiomqttBroker(misnamed, answer_s=1).connect(hello())
        nobody = broker.address.model_copy(update={"host": "localhost"})
        with pytest.raises(DeviceError):
            await AiomqttBroker(nobody, answer_s=1).connect(hello())
        _authority(tmp_path)  # another authority of the same name is not ours
        stranger = box.model_copy(update={"tls": _certificate(tmp_path, "stranger")})
        with pytest.raises(DeviceError):
            await AiomqttBroker(stranger, answer_s=1).connect(hello())


async def test_missing_certificate_is_the_operators_to_mend(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    tls = Tls(ca=missing, cert=missing, key=missing)
    where = BrokerAddress(host="127.0.0.1", port=1, tls=tls)
    with pytest.raises(ConfigError, match="certificate files"):
        AiomqttBroker(where)


async def test_certificate_that_is_renewed_badly_ends_no_box(tmp_path: Path) -> None:
    _authority(tmp_path)
    tls = _certificate(tmp_path, "b1")
    broker = AiomqttBroker(BrokerAddress(host="127.0.0.1", port=1, tls=tls))
    (tmp_path / "b1.key").unlink()
    with pytest.raises(DeviceError, match="certificate files"):
        await broker.connect(hello())


class _MuteBroker:
    """Accepts a CONNECT, and never answers anything else."""

    def __init__(self, connack: bytes = b"\x20\x03\x00\x00\x00") -> None:
        self._connack = connack
        self._writers: list[asyncio.StreamWriter] = []
        self.hung_up = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.where = BrokerAddress(host="127.0.0.1", port=port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()
        self._server.close()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.read(1)
        writer.write(self._connack)
        while await reader.read(1024):
            pass
        self.hung_up.set()
        writer.close()


def _openssl(folder: Path, words: str) -> None:
    subprocess.run(("openssl", *words.split()), cwd=folder, check=True, capture_output=True)


def _authority(folder: Path) -> Path:
    _openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
        " -keyout ca.key -out ca.pem -subj /CN=posedge-test",
    )
    return folder / "ca.pem"


def _certificate(folder: Path, name: str) -> Tls:
    (folder / "san").write_text(f"subjectAltName=DNS:{name}")
    _openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        f" -keyout {name}.key -out {name}.csr -subj /CN={name}",
    )
    _openssl(
        folder,
        "x509 -req -days 1 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san"
        f" -in {name}.csr -out {name}.pem",
    )
    ca, cert, key = (str(folder / file) for file in ("ca.pem", f"{name}.pem", f"{name}.key"))
    return Tls(ca=ca, cert=cert, key=key)
