from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.input_event import EV_KEY, EV_SYN, INPUT_EVENT, SYN_REPORT, InputDecoder, Lost
from posedge.wire.keys import Key
from tests.doubles.wedge import MS, START_NS, dropped, event, keys, packed

CODE = keys("4006381333931\r")


def events(decoder: InputDecoder, *chunks: bytes) -> list[Key | Lost]:
    found: list[Key | Lost] = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (one := decoder.next_event()) is not None:
            found.append(one)
    return found


def test_keys_with_their_kernel_time_and_nothing_else() -> None:
    assert events(InputDecoder(), packed(CODE, scan_codes=True)) == CODE


def test_byte_by_byte() -> None:
    data = packed(CODE)
    assert events(InputDecoder(), *(data[n : n + 1] for n in range(len(data)))) == CODE


@given(st.lists(st.integers(0, len(packed(CODE)))))
def test_any_chunking_gives_the_same(cuts: list[int]) -> None:
    data = packed(CODE)
    places = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(places)]
    assert events(InputDecoder(), *chunks) == CODE


def test_autorepeat_is_not_a_key() -> None:
    assert events(InputDecoder(), event(0, EV_KEY, 30, 2)) == []


def test_after_a_loss_the_rest_of_the_report_is_void() -> None:
    rest = event(START_NS, EV_KEY, 30, 1) + event(START_NS, EV_SYN, SYN_REPORT, 0)
    after = keys("1", start_ns=START_NS + MS)
    decoder = InputDecoder()
    assert events(decoder, dropped(START_NS)) == [Lost(START_NS)]
    assert "void" in repr(decoder)
    assert events(decoder, rest + packed(after)) == after
    assert "void" not in repr(decoder)


@given(st.binary(max_size=500))
def test_noise_raises_nothing_and_is_not_kept(noise: bytes) -> None:
    decoder = InputDecoder()
    events(decoder, noise)
    assert len(decoder._buffer) < INPUT_EVENT.size
