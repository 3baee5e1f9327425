"""Every probe against every simulated scale: recognised right, or not at all."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.sim.scale import VOICES, ScaleSim
from posedge.sim.scale_voices import Cas22
from posedge.wire.scales.frames import Ask, Exchange, Frame, Garbled
from posedge.wire.scales.recognise import PROBES, Ear, Probe, Setting

GOODS_G = (1250, 0, 20_000, -20)


class NoCable:
    """A line that nothing is plugged into: what is said goes through the test's hands."""

    path, plugged = "nowhere", True

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    async def plugged_in(self) -> None: ...

    async def read(self) -> bytes:
        raise EOFError

    def write(self, data: bytes) -> None: ...


class Far:
    """A scale that answers at once."""

    def __init__(self, protocol: str, goods_g: int, moving_s: float) -> None:
        self._sim = ScaleSim(protocol, cable=NoCable())
        self._sim.plate.put(goods_g, now_s=0, moving_s=moving_s)

    def answer(self, data: bytes) -> bytes:
        sim = self._sim
        return b"".join(sim.voice.answer(each, sim.plate, 1) for each in sim.commands(data))


class Stranger:
    """What is no scale; without `says` it echoes."""

    def __init__(self, says: bytes | None) -> None:
        self._says = says

    def answer(self, data: bytes) -> bytes:
        return data if self._says is None else self._says


def recognised(probe: Probe, far: Far | Stranger) -> str | None:
    exchange = probe.exchange()
    ask = next(exchange)
    while True:
        try:
            ask = exchange.send(first(probe, far.answer(ask.data)))
        except StopIteration as end:
            name: str | None = end.value
            return name


def first(probe: Probe, data: bytes) -> Frame | None:
    """Return what a driver would take for the answer: the first frame that is none of noise."""
    decoder, noise = probe.dialect.decoder(), None
    decoder.feed(data)
    while (frame := decoder.next_frame()) is not None:
        if not isinstance(frame, Garbled):
            return frame
        noise = frame
    return noise


@pytest.mark.parametrize("protocol", VOICES)
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.dialect.title)
def test_each_scale_by_each_probe_at_any_speed(protocol: str, probe: Probe) -> None:
    found = {
        recognised(probe, Far(protocol, goods_g, moving_s))
        for goods_g in GOODS_G
        for moving_s in (0, 9)
    }
    assert found <= {protocol, None}


@pytest.mark.parametrize("protocol", sorted(VOICES.keys() - {"toledo-8213", "cas-22"}))
def test_each_that_can_be_is_recognised_with_goods_on_it(protocol: str) -> None:
    found = [recognised(probe, Far(protocol, 1250, 0)) for probe in PROBES]
    assert [each for each in found if each][:1] == [protocol]


@pytest.mark.parametrize("says", [None, b"", b"OK\r\n", b"\x06\x15\0", b"\x06", b"\x80\0\x80"])
def test_what_is_no_scale_is_not_taken_for_one(says: bytes | None) -> None:
    assert [recognised(probe, Stranger(says)) for probe in PROBES] == [None] * len(PROBES)


@given(st.lists(st.binary(max_size=40), min_size=4, max_size=4), st.sampled_from(PROBES))
def test_noise_raises_nothing(noise: list[bytes], probe: Probe) -> None:
    exchange: Exchange[str | None] = probe.exchange()
    next(exchange)
    for each in noise:
        with suppress(StopIteration):
            exchange.send(first(probe, each))


def test_the_first_question_of_each_can_do_no_harm() -> None:
    """No ESC (printers), DLE or BEL (drawers), no letter that zeroes, tares or resets a scale."""
    harm = b"\x1b\x10\x07\x1c\x1dZTNC@"
    for probe in PROBES:
        ask = next(probe.exchange())
        assert isinstance(ask, Ask)
        assert not set(ask.data) & set(harm), probe.dialect.title


def stream(protocol: str, count: int) -> bytes:
    sim = ScaleSim(protocol, cable=NoCable())
    sim.plate.put(1250, now_s=0)
    if protocol == "mt-sics":
        sim.voice.answer(b"SIR\r\n", sim.plate, 1)
    return b"".join(sim.voice.stream(sim.plate, 1) for _ in range(count))


@pytest.mark.parametrize("protocol", ["cas-22", "mt-sics"])
def test_a_stream_is_recognised_by_three_lines_in_a_row(protocol: str) -> None:
    ear = Ear()
    ear.feed(stream(protocol, 3)[7:])
    assert (ear.dialect, ear.heard > 0) == (None, True)
    ear.feed(b"\xff\xff\r\n" + stream(protocol, 2))
    known = [ear.dialect]
    for data in (stream(protocol, 2), stream("cas-22", 9)):
        ear.feed(data)
        known.append(ear.dialect)
    assert known == [None, protocol, protocol]


@given(st.binary(max_size=400))
def test_no_noise_is_a_stream(noise: bytes) -> None:
    ear = Ear()
    ear.feed(noise)
    assert ear.dialect is None


def test_settings_as_they_are_remembered() -> None:
    for probe in PROBES:
        assert Setting.parse(str(probe.setting)) == probe.setting
    assert str(Setting(2400, 7, "E")) == "2400 7E1"
    assert Setting.parse("") is None
    assert Cas22().streams
