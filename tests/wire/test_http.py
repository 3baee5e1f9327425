from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.http import MAX_BODY, HttpClient, HttpRequest, HttpServer

ASKED = HttpRequest("/nexo", b'{"a":1}', "terminal", {"X-Api-Key": "secret"})


def asked() -> HttpClient:
    client = HttpClient()
    client.send(ASKED)
    return client


def test_a_request_and_its_reply() -> None:
    client, server = HttpClient(), HttpServer()
    server.feed(client.send(ASKED))
    heard = server.pull()
    assert heard is not None
    assert (heard.target, heard.body, heard.host) == ("/nexo", b'{"a":1}', "terminal")
    assert heard.headers["X-Api-Key"] == "secret"
    client.feed(server.reply(200, b"yes"))
    reply = client.pull()
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"yes")


def test_no_key_is_shown() -> None:
    assert "secret" not in repr(ASKED)


@given(st.binary(max_size=300), st.data())
def test_any_chunking_gives_the_same_message(body: bytes, data: st.DataObject) -> None:
    client, server = HttpClient(), HttpServer()
    server.feed(client.send(ASKED))
    stream = server.reply(200, body)
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        client.feed(stream[:size])
        stream = stream[size:]
    reply = client.pull()
    assert reply is not None
    assert reply.body == body


@given(st.binary(max_size=200))
def test_noise_is_a_protocol_error_or_nothing(noise: bytes) -> None:
    for side in (asked(), HttpServer()):
        side.feed(noise)
        with suppress(ProtocolError):
            assert side.pull() is None or noise.startswith(b"HTTP/1.1 ")


def test_what_comes_before_the_reply_is_skipped_and_behind_it_ignored() -> None:
    client = asked()
    client.feed(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert client.pull() is None
    client.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n")
    client.feed(b"more")
    reply = client.pull()
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"ok")


def test_a_body_that_ends_with_the_connection() -> None:
    client = asked()
    client.feed(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    assert client.pull() is None
    client.feed(b"")
    reply = client.pull()
    assert reply is not None
    assert reply.body == b"half"


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"],
)
def test_hanging_up_early_is_an_error_that_stays(said: bytes) -> None:
    client = asked()
    client.feed(said)
    client.feed(b"")
    for _ in range(2):
        with pytest.raises(ProtocolError, match="HTTP"):
            client.pull()
        client.feed(b"HTTP/1.1 200 OK\r\n\r\n")


def test_a_client_that_hangs_up_before_it_asks_is_told_so() -> None:
    server = HttpServer()
    server.feed(b"")
    with pytest.raises(ProtocolError, match="hung up"):
        server.pull()


def test_a_body_without_an_end_is_bounded() -> None:
    client = asked()
    client.feed(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(MAX_BODY // 10_000 + 1):
        client.feed(b"x" * 10_000)
    with pytest.raises(ProtocolError, match="more than"):
        client.pull()
