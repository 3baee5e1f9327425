import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError, ProtocolError
from posedge.wire import escpos
from posedge.wire.escpos import (
    AutoStatus,
    Connector,
    Decoder,
    JobDone,
    Message,
    Query,
    RealTimeStatus,
)

READY = bytes.fromhex("10000000")
"""ASB of a printer that is on line, with paper, pin 3 low (Epson GS a, tables 1 to 4)."""

VECTORS: list[tuple[str, tuple[Query, ...], tuple[Message, ...]]] = [
    ("12", (Query.PRINTER,), (RealTimeStatus(Query.PRINTER, 0x12),)),
    ("16", (Query.PRINTER,), (RealTimeStatus(Query.PRINTER, 0x16),)),
    ("32", (Query.OFFLINE_CAUSE,), (RealTimeStatus(Query.OFFLINE_CAUSE, 0x32),)),
    ("7e", (Query.PAPER,), (RealTimeStatus(Query.PAPER, 0x7E),)),
    ("10000000", (), (AutoStatus(0x10, 0, 0, 0),)),
    ("3c010f00", (), (AutoStatus(0x3C, 1, 0x0F, 0),)),
    ("37223030303100", (), (JobDone(b"0001"),)),
    (
        "12100000003722414243440012",
        (Query.PRINTER, Query.PAPER),
        (
            RealTimeStatus(Query.PRINTER, 0x12),
            AutoStatus(0x10, 0, 0, 0),
            JobDone(b"ABCD"),
            RealTimeStatus(Query.PAPER, 0x12),
        ),
    ),
]


def pull(decoder: Decoder) -> list[Message]:
    messages: list[Message] = []
    while (message := decoder.next_message()) is not None:
        messages.append(message)
    return messages


@pytest.mark.parametrize(("received", "asked", "expected"), VECTORS)
def test_messages_at_once_and_one_byte_at_a_time(
    received: str, asked: tuple[Query, ...], expected: tuple[Message, ...]
) -> None:
    data = bytes.fromhex(received)
    whole = Decoder()
    whole.asked(*asked)
    whole.feed(data)
    assert pull(whole) == list(expected)
    assert whole.owed == 0
    single = Decoder()
    single.asked(*asked)
    got: list[Message] = []
    for byte in data:
        single.feed(bytes((byte,)))
        got += pull(single)
    assert got == list(expected)


messages = st.one_of(
    st.just(READY),
    st.builds(
        lambda first, rest: bytes((first & 0x6C | 0x10, *(byte & 0x6F for byte in rest))),
        st.integers(0, 255),
        st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
    ),
    st.builds(lambda number: b'7"' + escpos.job_id(number) + b"\0", st.integers(0, 94**4)),
)


@given(st.lists(messages, max_size=8), st.data())
def test_any_chunking_gives_the_same_messages(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    whole = Decoder()
    whole.feed(stream)
    expected = pull(whole)
    assert len(expected) == len(parts)
    chunked = Decoder()
    got: list[Message] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        chunked.feed(stream[:size])
        stream = stream[size:]
        got += pull(chunked)
    assert got == expected


@given(st.binary(max_size=200), st.integers(0, 4))
def test_noise_raises_nothing_but_protocol_error_and_keeps_raising_it(
    noise: bytes, owed: int
) -> None:
    decoder = Decoder()
    decoder.asked(*list(Query)[:owed])
    decoder.feed(noise)
    first, again = fault_of(decoder), fault_of(decoder)
    assert again is first


def fault_of(decoder: Decoder) -> ProtocolError | None:
    try:
        pull(decoder)
    except ProtocolError as error:
        decoder.feed(READY)
        return error
    return None


@pytest.mark.parametrize("garbage", ["ff", "41", "12", "1010", "3725", "37223030303141"])
def test_bytes_that_fit_nothing_are_a_protocol_error(garbage: str) -> None:
    decoder = Decoder()
    decoder.feed(bytes.fromhex(garbage))
    with pytest.raises(ProtocolError) as caught:
        pull(decoder)
    assert caught.value.code == "printer.garbled"


def test_a_second_round_may_not_be_asked_before_the_first_is_answered() -> None:
    decoder = Decoder()
    decoder.asked(*Query)
    with pytest.raises(MisuseError):
        decoder.asked(Query.PRINTER)


def test_requests_are_the_bytes_of_the_manual() -> None:
    assert escpos.query(Query.PAPER) == bytes.fromhex("100404")
    assert bytes.fromhex("1b401d610f") == escpos.BEGIN_JOB
    assert escpos.kick(Connector.PIN_2, on_ms=100, off_ms=100) == bytes.fromhex("1b70003232")
    assert escpos.kick(Connector.PIN_5, on_ms=100, off_ms=510) == bytes.fromhex("1b700132ff")
    assert escpos.when_done(b"0001") == bytes.fromhex("1d28480600303030303031")
    assert escpos.RESYNCHRONISE.endswith(b"\x1b@")
    assert escpos.RESYNCHRONISE.strip(b"\0") == b"\x1b@"


@pytest.mark.parametrize(("on_ms", "off_ms"), [(0, 100), (100, 0), (512, 100), (100, 512)])
def test_a_pulse_that_cannot_be_sent_is_refused(on_ms: int, off_ms: int) -> None:
    with pytest.raises(MisuseError):
        escpos.kick(Connector.PIN_2, on_ms=on_ms, off_ms=off_ms)


@pytest.mark.parametrize("job", [b"", b"12345", b"\x1bp\0\x20", b"\xff123"])
def test_a_job_id_that_is_not_printable_is_refused(job: bytes) -> None:
    with pytest.raises(MisuseError):
        escpos.when_done(job)


@given(st.integers(0, 2**64))
def test_every_number_makes_a_valid_job_id(number: int) -> None:
    assert escpos.when_done(escpos.job_id(number)).endswith(escpos.job_id(number))


def test_a_picture_is_sent_in_strips_without_real_time_commands() -> None:
    rows = [b"\xff\x00", b"\x10\x14"]
    assert escpos.raster(16, rows) == b"\x1dv0\x00\x02\x00\x02\x00\xff\x00\x11\x14"
    strips = escpos.raster(576, [bytes(72)] * 8)
    assert strips.count(b"\x1dv0") == 2
    assert strips.startswith(b"\x1dv0\x00\x48\x00\x07\x00")
