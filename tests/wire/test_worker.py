import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.worker import MAX_LINE, Decoder, Said, line

SAID = (
    b'{"hello": {"protocol": 1, "name": "toy", "able": ["refund"]}}\n'
    b'{"call": 1, "accepted": true}\n'
    b'{"call": 1, "shown": "insert card"}\n'
    b'{"call": 1, "result": {"reference": "a1", "approved": true, "amount_minor": 1250}}\n'
)


def heard(data: bytes, *sizes: int) -> list[Said]:
    decoder = Decoder()
    found: list[Said] = []
    for size in (*sizes, len(data)):
        decoder.feed(data[:size])
        data = data[size:]
        found.extend(iter(decoder.pull, None))
    return found


def test_what_is_said() -> None:
    hello, accepted, shown, ended = heard(SAID)
    assert hello.hello is not None
    assert (hello.hello.name, hello.hello.able) == ("toy", ("refund",))
    assert (accepted.call, accepted.accepted, shown.shown) == (1, True, "insert card")
    assert ended.result is not None
    assert (ended.result.reference, ended.result.amount_minor) == ("a1", 1250)


@given(st.lists(st.integers(0, 60)))
def test_in_any_pieces(sizes: list[int]) -> None:
    assert heard(SAID, *sizes) == heard(SAID)


def test_a_call_is_a_line() -> None:
    said = line(7, "pay", reference="a1", amount_minor=1250)
    assert said.endswith(b"\n")
    assert json.loads(said) == {"call": 7, "do": "pay", "reference": "a1", "amount_minor": 1250}


@pytest.mark.parametrize(
    "noise",
    [
        b"not json\n",
        b"[]\n",
        b'{"call": "one"}\n',
        b'{"call": 1, "surprise": 1}\n',
        b'{"call": 1, "found": {"state": "maybe"}}\n',
        b'{"call": 1, "result": {"reference": "a1", "approved": true, "amount_minor": 12.5}}\n',
        b"x" * (MAX_LINE + 1),
        b'{"shown": "' + b"x" * MAX_LINE + b'"}\n',
    ],
)
def test_what_is_no_message(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    for _ in range(2):
        with pytest.raises(ProtocolError) as unreadable:
            decoder.pull()
        assert unreadable.value.code == "worker.unreadable"
        decoder.feed(SAID)
    assert "4111" not in repr(unreadable.value)


def test_a_card_number_in_a_bad_line_is_not_repeated() -> None:
    decoder = Decoder()
    decoder.feed(b'{"call": "4111111111111111"')
    assert decoder.pull() is None
    assert repr(decoder) == "<Decoder 27 bytes waiting>"
    decoder.feed(b', "x": 1}\n')
    with pytest.raises(ProtocolError) as unreadable:
        decoder.pull()
    assert "4111" not in unreadable.value.message


def test_a_card_number_in_a_text_is_masked() -> None:
    pan = "4111 1111 1111 1111"
    said = {
        "shown": pan,
        "printed": {"customer": False, "lines": ["Card", pan]},
        "error": {"code": "x", "text": f"no {pan}"},
        "result": {"reference": "a1", "approved": True, "text": pan, "scheme": pan},
    }
    (message,) = heard(json.dumps(said).encode() + b"\n")
    assert message.printed is not None
    assert message.printed.lines == ("Card", "**** **** **** 1111")
    assert "4111" not in message.model_dump_json()


@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    try:
        said = decoder.pull()
    except ProtocolError:
        said = None
    assert said is None or isinstance(said, Said)
