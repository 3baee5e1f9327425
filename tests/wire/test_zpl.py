import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.capabilities import Paper
from posedge.model.errors import ProtocolError
from posedge.wire import zpl
from posedge.wire.zpl import Decoder, Errors, HostStatus, Message
from posedge.wire.zpl_state import state_of

IDLE = HostStatus(
    paper_out=False,
    paused=False,
    formats=0,
    partial=False,
    head_open=False,
    ribbon_out=False,
    remaining=0,
)
STATUS = (
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,1,2,6,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
)
"""The example of the guide: a printer at rest."""

BUSY = (
    b"\x02030,1,1,1245,003,0,0,1,000,0,0,0\x03\r\n"
    b"\x02000,0,1,1,1,2,6,0,00000017,1,000\x03\r\n\x021234,0\x03\r\n"
)
ERRORS = (
    b"\x02\r\n  PRINTER STATUS\r\n   ERRORS:         1 00000000 00000005\r\n"
    b"   WARNINGS:       1 00000000 00000002\r\n\x03\r\n"
)
"""The example of the guide: media out and head open, the head wants cleaning."""


def pull(decoder: Decoder) -> list[Message]:
    messages: list[Message] = []
    while (message := decoder.next_message()) is not None:
        messages.append(message)
    return messages


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (STATUS, [IDLE]),
        (ERRORS, [Errors(5, 2)]),
        (ERRORS.replace(b": ", b": ").replace(b"1 0", b"0 0"), [Errors(0, 0)]),
        (
            STATUS + BUSY + ERRORS,
            [
                IDLE,
                HostStatus(
                    paper_out=True,
                    paused=True,
                    formats=3,
                    partial=True,
                    head_open=True,
                    ribbon_out=True,
                    remaining=17,
                ),
                Errors(5, 2),
            ],
        ),
    ],
)
def test_messages_at_once_and_one_byte_at_a_time(received: bytes, expected: list[Message]) -> None:
    whole, single = Decoder(), Decoder()
    whole.feed(received)
    assert pull(whole) == expected
    got: list[Message] = []
    for byte in received:
        single.feed(bytes((byte,)))
        got += pull(single)
    assert got == expected
    assert all(each.idle is (each == IDLE) for each in got if isinstance(each, HostStatus))


@given(st.lists(st.sampled_from([STATUS, BUSY, ERRORS]), max_size=6), st.data())
def test_any_chunking_gives_the_same_messages(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    whole, chunked = Decoder(), Decoder()
    whole.feed(stream)
    expected = pull(whole)
    assert len(expected) == len(parts)
    got: list[Message] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        chunked.feed(stream[:size])
        stream = stream[size:]
        got += pull(chunked)
    assert got == expected


def fault(decoder: Decoder) -> ProtocolError | None:
    try:
        pull(decoder)
    except ProtocolError as error:
        return error
    return None


framed = st.binary(max_size=80).map(lambda noise: b"\x02" + noise + b"\x03")


@given(st.one_of(st.binary(max_size=80), framed))
def test_noise_raises_nothing_but_protocol_errors(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    first = fault(decoder)
    decoder.feed(STATUS)
    assert first is None or fault(decoder) is first


@pytest.mark.parametrize(
    "garbled",
    [
        b"x",
        b"\x02" + b"1" * 1100,
        b"\x02" + b"1" * 1100 + b"\x03",
        b"\x021\x03\x022\x03\x023\x03",
        STATUS.replace(b"030,0,0", b"030,2,0"),
        STATUS.replace(b"000,0,0,0,1", b"000,0,0,?,1"),
        ERRORS.replace(b"ERRORS:", b"ERROR"),
        ERRORS.replace(b"00000005", b"0000000g"),
    ],
)
def test_what_is_no_status_is_garbled(garbled: bytes) -> None:
    decoder = Decoder()
    decoder.feed(garbled)
    error = fault(decoder)
    assert error is not None
    assert error.code == "printer.garbled"


FIELD = re.compile(rb"\^FH\\\^FD((?:[A-Za-z0-9 .,:/()+\-_>]|\\[0-9A-F]{2})*)\^FS")


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("^~\\_\x02\r\n\x1b>"))))
def test_no_text_is_a_command(text: str) -> None:
    found = FIELD.fullmatch(zpl.field(text))
    assert found is not None
    plain = re.sub(rb"\\(..)", lambda hexes: bytes((int(hexes[1], 16),)), found[1])
    assert plain.decode() == text


def test_escapes_of_the_symbols() -> None:
    assert zpl.code128("a>b^c~") == ">:a>0b><c>="
    assert zpl.data_matrix("\x1d10A_B\x1d21") == "_110A__B_121"


@pytest.mark.parametrize(
    ("flags", "ready", "words"),
    [
        (0, True, ""),
        (0x01, False, ""),
        (0x02, False, "ribbon"),
        (0x04, False, ""),
        (0x08, False, "cutter"),
        (0x10, False, "head is too hot"),
        (0x20, False, "motor"),
        (0x40, False, "call service"),
        (0x10000, False, "pause button"),
        (0x800000, False, "error 00800000"),
    ],
)
def test_state(flags: int, words: str, *, ready: bool) -> None:
    state = state_of(Errors(flags, 0))
    assert state.ready is ready
    assert words in (state.error or "")
    assert (state.paper is Paper.END, state.cover_open) == (flags == 1, flags == 4)
