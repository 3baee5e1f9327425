"""A session of each kind of device is recorded, and its replay brings the same events."""

import asyncio
import json
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from posedge.devices.recording import Recording, Replay, files, parts, read, replay
from posedge.devices.tapes import KEPT, TOTAL, Label, Tapes
from posedge.link.memory import MemoryLink
from posedge.link.replay import Mismatch
from posedge.model.capabilities import DeviceState
from posedge.model.errors import MisuseError
from posedge.model.events import Event
from tests.devices.test_misbehaviour import Bench, Far
from tests.doubles.noisy import CODE
from tests.doubles.simloop import SimClock, SimLoop, bury

CARD = b"4111111111111111"


class Heard:
    """Publishes nothing, keeps all."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.mismatches: list[Mismatch] = []
        self.states: list[str | None] = []

    async def publish(self, event: Event) -> int:
        self.events.append(event)
        return len(self.events)


async def scanner(far: MemoryLink) -> None:
    await asyncio.sleep(0.5)
    for code in (CODE, b"4006381333931\r", b"\xff\xfe garbled\x01\r", b"half a cod"):
        await far.write(code, deadline_s=1)
        await asyncio.sleep(0.6)
    far.cut()


async def typing(far: MemoryLink) -> None:
    for code in (CODE, b"B4006381333931", b"CODE-128-LABEL"):
        await far.write(code[:14], deadline_s=1)
        await asyncio.sleep(0.6)
    far.cut()


async def scale(far: MemoryLink) -> None:
    weights = iter([0, 0, 0, 1250, 1250, 1250, 0, 0])
    for weight in weights:
        await far.read()
        await far.write(b"\x02%02d.%03d\r" % divmod(weight, 1000), deadline_s=1)
    await far.read()
    far.cut()


async def printer(far: MemoryLink) -> None:
    """Answer the questions for its state (DLE EOT n), the cover being open in the third round."""
    for turn in range(24):
        while not (asked := await far.read()).startswith(b"\x10\x04"):
            pass
        for at in range(2, len(asked), 3):
            is_open = turn in {2, 3} and asked[at] == 2
            await far.write(b"\x16" if is_open else b"\x12", deadline_s=1)
        if turn == 6:
            far.cut()


async def terminal(far: MemoryLink) -> None:
    await far.read()
    far.cut()


SESSIONS: tuple[tuple[str, Far], ...] = (
    ("serial-scanner", scanner),
    ("wedge", typing),
    ("toledo", scale),
    ("escpos", printer),
    ("zvt", terminal),
)


def virtually(body: Coroutine[Any, Any, Any]) -> Any:
    loop = SimLoop(1)
    try:
        return loop.run_until_complete(body)
    finally:
        bury(loop)


async def recorded(kind: str, session: Far) -> tuple[list[Event], str]:
    """Return what was published while `session` ran, and its recording as a file."""
    bench = Bench(kind, session)
    async with bench.crew:
        bench.crew.start(bench.devices.run(), name="devices")
        async for _ in bench.bus.listen(0):
            if bench.status.state is DeviceState.OFF_OFFLINE:
                break
        await asyncio.sleep(0.1)
        now_s = asyncio.get_running_loop().time()
        assert len(parts(bench.devices.tapes, "all", {}, now_s)) == 2
        assert parts(bench.devices.tapes, "nobody", {}, now_s) == []
        found = parts(bench.devices.tapes, "a", {}, now_s, final=True)
        return bench.of_a, "\n".join(files(found))


async def replayed(recording: Recording) -> Heard:
    heard = Heard()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimLoop)
    out = Replay(heard, heard.mismatches.append, heard.states.append)
    await asyncio.wait_for(replay(recording, out, clock=SimClock(loop)), 3600)
    return heard


def said(events: list[Event]) -> list[str]:
    """The device's own events, without time and name."""
    own = [each for each in events if each.type != "device"]
    return [each.model_dump_json(exclude={"at", "device"}) for each in own]


@pytest.mark.parametrize(("kind", "session"), SESSIONS, ids=[kind for kind, _ in SESSIONS])
def test_a_replay_brings_the_same_events(kind: str, session: Far) -> None:
    events, text = virtually(recorded(kind, session))
    (recording,) = read(text)
    heard = virtually(replayed(recording))
    assert said(heard.events) == said(events)
    assert heard.mismatches == []
    assert kind == "zvt" or said(events), "there is something to compare"


def test_what_the_driver_writes_otherwise_is_shown() -> None:
    _, text = virtually(recorded("toledo", scale))
    (recording,) = read(text.replace('"hex":"57"', '"hex":"58"'))
    heard = virtually(replayed(recording))
    assert str(heard.mismatches[0]).endswith("recorded 'X', the driver wrote 'W'")


def test_what_the_driver_does_not_write_is_shown() -> None:
    _, text = virtually(recorded("serial-scanner", scanner))
    label, opening, *rest = text.splitlines()
    asked = '{"device":"a","t":400000,"dir":"out","hex":"1b40"}'
    (recording,) = read("\n".join([label, opening, asked, *rest]))
    heard = virtually(replayed(recording))
    assert [str(each) for each in heard.mismatches] == [
        r"0.400 s: recorded '\x1b@', the driver wrote nothing"
    ]
    assert len(heard.events) > 2


def test_a_file_is_readable_for_people_and_names_every_line() -> None:
    _, text = virtually(recorded("toledo", scale))
    first, *lines = [json.loads(each) for each in text.splitlines()]
    assert (first["posedge"], first["version"], first["driver"]) == ("recording", 1, "toledo")
    assert [each["dir"] for each in lines[:3]] == ["open", "out", "in"]
    assert [each.get("text") for each in lines[1:3]] == ["W", r"\x0200.000\r"]
    assert {each["device"] for each in lines} == {"a"}
    assert [each["t"] for each in lines] == sorted(each["t"] for each in lines)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "line 1: no line of a recording"),
        ('{"posedge":"recording"}', "line 1: no label"),
        (
            '{"t":1,"dir":"in","hex":"00","device":"x"}',
            "line 1: a line of a device without",
        ),
        ("\n\nnonsense", "line 3: no line of a recording"),
    ],
)
def test_what_is_no_recording_is_refused(text: str, why: str) -> None:
    with pytest.raises(MisuseError, match=why):
        read(text)


def label(device: str, **more: Any) -> Label:
    known: dict[str, Any] = {
        "driver": "toledo",
        "scheme": "serial",
        "model": "8217",
        "started": "now",
        "options": {},
    }
    return Label(device=device, **{**known, **more})


def test_a_label_of_another_version_or_driver_is_refused() -> None:
    for other in (label("x", version=2), label("x", driver="abacus")):
        with pytest.raises(MisuseError, match="are not known here"):
            read(other.model_dump_json())


def in_a_loop(body: Callable[[], None]) -> None:
    async def run() -> None:
        body()

    virtually(run())


def test_all_tapes_together_have_a_limit() -> None:
    def body() -> None:
        chance, tapes = random.Random(1), Tapes()
        for number in range(40):
            tape = tapes.of(f"id-{number}", label(f"dev-{number}"))
            for at in range(400):
                tape.passed("in", chance.randbytes(500), float(at))
        sizes = [reel.tape.size for reel in tapes.all()]
        assert sum(sizes) <= TOTAL
        assert min(sizes) > 10_000
        assert "40, " in repr(tapes)

    in_a_loop(body)


def test_a_device_that_comes_again_goes_on_and_others_are_forgotten() -> None:
    def body() -> None:
        tapes = Tapes()
        first = tapes.of("id", label("scale"))
        assert tapes.of("id", label("scale", started="later")) is first
        assert tapes.of("id", label("scale", options={"baud": 1})) is not first
        assert tapes.find("scale") is tapes.find("id")
        assert tapes.find("other") is None
        for number in range(KEPT):
            tapes.of(str(number), label(str(number)))
        assert tapes.find("scale") is None

    in_a_loop(body)


def test_no_full_card_number_is_in_a_recording() -> None:
    async def paying(far: MemoryLink) -> None:
        await asyncio.sleep(0.5)
        for byte in b";" + CARD + b"=25122010000012345678?\r":
            await far.write(bytes([byte]), deadline_s=1)
            await asyncio.sleep(0.001)
        await far.write(CARD + b"\r", deadline_s=1)
        await asyncio.sleep(1)
        far.cut()

    _, text = virtually(recorded("serial-scanner", paying))
    assert CARD.decode() not in text
    sent = "".join(json.loads(each).get("text", "") for each in text.splitlines()[1:])
    assert sent == r";************1111=********************?\r************1111\r"
