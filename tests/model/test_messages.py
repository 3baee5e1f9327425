import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.model.messages import (
    Ack,
    Command,
    Desired,
    HqStatus,
    Reject,
    Reported,
    Result,
    Status,
    Sync,
    read,
    write,
)

STREAM = "9f3c1a7be0425d18"
EVERY = (
    Sync(stream=STREAM, first=1, last=9, acked=3, session=42),
    Ack(stream=STREAM, upto=7, need=((8, 9),), reject=(Reject(seq=5, code="fork"),), hold_ms=10),
    Status(status="online", session=1, stream=STREAM, last=9, version="1", since="now"),
    HqStatus(online=True, timestamp=1),
    Desired(version=7, state={"a": [1, "b", None]}),
    Reported(version=1, desired_version=7, status="rejected", error="no", state={}),
    Command(id="c-1", args={"n": 1}, not_after="2026-11-23T04:01:00Z", dry_run=True),
    Result(id="c-1", status="successful", data={"a": 1}),
)


@pytest.mark.parametrize("message", EVERY, ids=lambda message: type(message).__name__)
def test_what_is_written_is_read(message: Ack) -> None:
    assert read(type(message), write(message)) == message


def test_shapes_are_those_of_the_contract() -> None:
    assert json.loads(write(EVERY[1])) == {
        "stream": STREAM,
        "upto": 7,
        "need": [[8, 9]],
        "reject": [{"seq": 5, "code": "fork"}],
        "hold_ms": 10,
    }
    assert write(Status(status="offline", session=42, reason="will")) == (
        b'{"status":"offline","session":42,"reason":"will"}'
    )


def test_a_newer_peer_may_say_more() -> None:
    said = f'{{"stream":"{STREAM}","upto":1,"colour":"blue"}}'.encode()
    assert read(Ack, said) == Ack(stream=STREAM, upto=1)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"stream":"X","upto":1}',
        b'{"stream":"9f3c1a7be0425d18","upto":-1}',
        b'{"stream":"9f3c1a7be0425d18","upto":99999999999999999999}',
        b'{"stream":"9f3c1a7be0425d18","upto":1,"hold_ms":600001}',
        b'{"stream":"9f3c1a7be0425d18","upto":1,"need":[' + b"[1,2]," * 100 + b"[1,2]]}",
    ],
)
def test_what_is_not_an_ack_is_said_in_words(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^Ack: \S+") as caught:
        read(Ack, payload)
    assert caught.value.code == "message.unreadable"


@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    for message in EVERY:
        with suppress(ProtocolError):
            assert read(type(message), noise) is not None
