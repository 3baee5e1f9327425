"""Vectors: EVerest/zvt captures (Apache-2.0), and PA00P015 13.08 §5.1 where it says so."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.zvt import register as say
from posedge.wire.zvt.apdu import Apdu, ApduDecoder
from posedge.wire.zvt.codes import Config
from posedge.wire.zvt.decode import FromRegister, Unknown, from_register

PASSWORD = "123456"


def frame(text: str) -> Apdu:
    decoder = ApduDecoder()
    decoder.feed(bytes.fromhex(text))
    apdu = decoder.pull()
    assert apdu is not None
    return apdu


@pytest.mark.parametrize(
    ("bytes_", "message"),
    [
        ("060006123456de0978", say.Registration(PASSWORD, 978, Config(0xDE))),  # A01
        ("065003123456", say.Errand(say.END_OF_DAY, PASSWORD)),  # A12
        ("800000", say.Positive()),
        ("849c00", say.Negative(0x9C)),
        ("06b000", say.Errand(say.ABORT)),
    ],
)
def test_captures_both_ways(bytes_: str, message: FromRegister) -> None:
    assert from_register(frame(bytes_)) == message
    assert not isinstance(message, Unknown)
    assert message.to_apdu().to_bytes().hex() == bytes_


def test_specification_registration_with_a_sequence_id() -> None:
    decoded = from_register(frame("0600140000009e0978060c26040a0206d31f7303000000"))  # A35
    assert decoded == say.Registration("000000", 978, Config(0x9E), None, (0x06D3,))


def test_the_registration_that_we_send() -> None:
    sent = say.Registration("000000", 978, say.FULL_CONFIG, 1, (say.PRINT_BLOCK,)).to_apdu()
    assert sent.to_bytes().hex() == "060010000000be09780301060626040a0206d3"


def test_other_commands_are_known_by_number_only() -> None:
    assert from_register(frame("06c0081940870231490978")) == Unknown(0x06C0, 8)
    assert from_register(frame("840000")) == say.Positive()


@pytest.mark.parametrize(
    ("bytes_", "message"),
    [
        ("050100", say.StatusEnquiry("")),
        ("060004000000be", say.Registration("000000")),
        ("060006000000be0978", say.Registration("000000", 978)),
        ("060007000000be490978", say.Registration("000000", 978)),  # numbered, as others are
        ("060009000000be4909780300", say.Registration("000000", 978, service=0)),
        ("06000c000000be060626040a0206d3", say.Registration("000000", accepts=(0x06D3,))),
        ("060006000000be0643", say.Registration("000000", 643)),  # roubles, no container
        ("061800", say.Errand(say.RESET)),
        ("849d0704000000000800", say.Negative(0x9D, 800)),
    ],
)
def test_what_registers_leave_out_or_add(bytes_: str, message: FromRegister) -> None:
    assert from_register(frame(bytes_)) == message


def test_goods_handed_out_in_part_on_the_wire() -> None:
    assert say.Negative(0x9D, 800).to_apdu().to_bytes().hex() == "849d0704000000000800"
    assert say.StatusEnquiry("").to_apdu().to_bytes().hex() == "050100"


@pytest.mark.parametrize("bytes_", ["060000", "060003123456", "0631021234", "050103abcdef"])
def test_a_command_without_its_head_is_a_protocol_error(bytes_: str) -> None:
    with pytest.raises(ProtocolError):
        from_register(frame(bytes_))


Command = say.StatusEnquiry | say.RepeatReceipt
SECRETS = st.from_regex(r"[0-9]{6}", fullmatch=True)
BYTES = st.none() | st.integers(0, 255)
MESSAGES = st.one_of(
    st.builds(say.StatusEnquiry, SECRETS, BYTES),
    st.builds(say.RepeatReceipt, SECRETS, BYTES),
    st.builds(say.Errand, st.just(say.LOG_OFF), st.none()),
    st.builds(
        say.Registration,
        SECRETS,
        st.integers(0, 999),
        st.integers(0, 255).map(Config),
        BYTES,
        st.lists(st.integers(0, 0xFFFF), max_size=5).map(tuple),
    ),
)


@given(message=MESSAGES)
@example(say.Registration("000000", 610, Config(0), None, (0, 0, 0)))
@example(say.Registration("000000", 612, Config(0), 1, (0, 0, 0)))
@example(say.Registration("000000", 682, Config(0), None, None))
def test_round_trip(message: Command) -> None:
    assert from_register(frame(message.to_apdu().to_bytes().hex())) == message


@given(
    command=st.sampled_from([0x0600, 0x0620, 0x0501, 0x06B0, 0x8000]),
    data=st.binary(max_size=80),
)
def test_noise_raises_nothing_but_protocol_error(command: int, data: bytes) -> None:
    with suppress(ProtocolError):
        assert from_register(Apdu(command, data)) is not None


def test_passwords_stay_out_of_repr() -> None:
    for message in (say.Registration(PASSWORD, 978), say.Errand(say.END_OF_DAY, PASSWORD)):
        assert PASSWORD not in repr(message)


@pytest.mark.parametrize(
    ("message", "bytes_"),
    [
        (say.StatusEnquiry(PASSWORD), "050103123456"),
        (say.RepeatReceipt(PASSWORD), "0620051234560303"),
    ],
)
def test_commands_as_the_specification_lays_them_out(message: Command, bytes_: str) -> None:
    encoded = message.to_apdu().to_bytes().hex()
    assert encoded == bytes_
    assert from_register(frame(encoded)) == message
