"""TLS over links in memory and over TCP."""

import asyncio
import ssl

import pytest

from posedge.link.memory import MemoryLink
from posedge.link.tcp import open_tcp
from posedge.link.tls import TlsLink, secure
from posedge.model.errors import DeviceError
from posedge.tasks import Crew, cancel
from tests.doubles.adyen import authority, issued

SOON_S = 5.0


def client(*, names: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = names
    context.load_verify_locations(authority().roots)
    return context


class Server:
    """The other side by hand: TLS over the far end of a link in memory."""

    def __init__(self, far: MemoryLink, common_name: str = "shop", *hosts: str) -> None:
        self._far = far
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = issued(common_name, *hosts).wrap_bio(self._in, self._out, server_side=True)

    async def shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                self._in.write(await self._far.read())
            else:
                await self._flush()
                return

    async def say(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def bid_farewell(self) -> None:
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            await self._flush()

    async def hear(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                data += self._tls.read(size - len(data))
            except ssl.SSLWantReadError:
                self._in.write(await self._far.read())
        return data

    async def _flush(self) -> None:
        await self._far.write(self._out.read(), deadline_s=1)


async def connected(common_name: str = "shop") -> tuple[TlsLink, Server, MemoryLink]:
    near, far = MemoryLink.pair()
    server = Server(far, common_name)
    async with Crew("tls") as crew:
        shaking = crew.start(server.shake_hands(), name="server")
        link = await secure(near, client(), device="terminal", timeout_s=SOON_S)
        await shaking
    return link, server, far


async def test_bytes_go_both_ways_and_the_other_side_has_a_name() -> None:
    link, server, _ = await connected("P400-1.test")
    assert link.common_name == "P400-1.test"
    await link.write(b"hello", deadline_s=1)
    assert await server.hear(5) == b"hello"
    await server.say(b"x" * 50_000)
    heard = b""
    while len(heard) < 50_000:
        heard += await link.read()
    assert heard == b"x" * 50_000


async def test_a_cancelled_read_loses_nothing() -> None:
    link, server, _ = await connected()
    async with Crew("reader") as crew:
        reading = crew.start(link.read(), name="read")
        await asyncio.sleep(0)
        await cancel(reading)
    await server.say(b"later")
    assert await link.read() == b"later"


async def test_an_end_with_or_without_farewell_is_the_end() -> None:
    link, server, _ = await connected()
    await server.bid_farewell()
    with pytest.raises(DeviceError) as gone:
        await link.read()
    assert gone.value.code == "device.gone"
    link, _, far = await connected()
    await far.close()
    with pytest.raises(DeviceError) as cut:
        await link.read()
    assert cut.value.code == "device.gone"


async def test_noise_in_the_stream_is_not_trusted() -> None:
    link, _, far = await connected()
    await far.write(b"\x17\x03\x03\x00\x05noise" * 3, deadline_s=1)
    with pytest.raises(DeviceError) as broken:
        await link.read()
    assert broken.value.code == "device.untrusted"


async def test_a_stranger_is_not_trusted() -> None:
    near, far = MemoryLink.pair()
    server = Server(far)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    async with Crew("tls") as crew:
        shaking = crew.start(server.shake_hands(), name="server")
        with pytest.raises(DeviceError) as refused:
            await secure(near, context, device="terminal", timeout_s=SOON_S)
        await cancel(shaking)
    assert refused.value.code == "device.untrusted"
    assert "check `roots`" in refused.value.message


async def named(asked: str) -> TlsLink:
    near, far = MemoryLink.pair()
    server = Server(far, "cloud", "cloud.example")
    async with Crew("tls") as crew:
        shaking = crew.start(server.shake_hands(), name="server")
        try:
            return await secure(
                near, client(names=True), device="cloud", server_name=asked, timeout_s=SOON_S
            )
        finally:
            await cancel(shaking)


async def test_a_name_is_checked_where_names_are() -> None:
    assert "cloud" in repr(await named("cloud.example"))
    with pytest.raises(DeviceError) as refused:
        await named("other.example")
    assert refused.value.code == "device.untrusted"


async def test_a_line_that_says_nothing_is_closed_in_time() -> None:
    near, _ = MemoryLink.pair()
    with pytest.raises(DeviceError) as silent:
        await secure(near, client(), device="terminal", timeout_s=0.02)
    assert silent.value.code == "device.unreachable"
    with pytest.raises(DeviceError):
        await near.read()


async def test_what_speaks_no_tls_is_closed() -> None:
    near, far = MemoryLink.pair()
    await far.write(b"HTTP/1.1 400 Bad Request\r\n\r\n", deadline_s=1)
    with pytest.raises(DeviceError) as strange:
        await secure(near, client(), device="terminal", timeout_s=SOON_S)
    assert strange.value.code == "device.untrusted"
    with pytest.raises(DeviceError):
        await near.read()


async def test_over_tcp() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=issued("shop")) as server:
        tcp = await open_tcp("127.0.0.1", server.sockets[0].getsockname()[1], timeout_s=SOON_S)
        link = await secure(tcp, client(), device="tcp", timeout_s=SOON_S)
        await link.write(b"ping", deadline_s=1)
        assert await link.read() == b"ping"
        await link.close()
        await link.close()
