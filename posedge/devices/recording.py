r"""Recordings as files: JSON lines, one of posedge.devices.tapes.Label first for each device.

    {"posedge":"recording","version":1,"device":"scale","driver":"toledo","scheme":"serial",...}
    {"device":"scale","t":120000,"dir":"out","hex":"57","text":"W"}
    {"device":"scale","t":131000,"dir":"in","hex":"0230302e3030300d","text":"\x0200.000\r"}

What a line bears is said in posedge.link.tape; `text` shows the bytes to a person and is not read.
Card data was masked before it got here.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from posedge.clock import Clock, Ids
from posedge.devices.tapes import MASKS, VERSION, Label, Tapes
from posedge.drivers.interface import Publisher, Site
from posedge.drivers.registry import DRIVERS
from posedge.link.replay import Line, Mismatch, Reels, ReplayLink, read_line
from posedge.link.serial import Bits, ParityLetter
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.value import Value
from posedge.wire.masks import PLAIN

MAX_CHARACTERS = 64 * 1024 * 1024
"""A day of a busy device; more is no bug report."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One device's: its label, and what passed."""

    label: Label
    lines: tuple[Line, ...]


def header(label: Label) -> str:
    return label.model_dump_json()


def written(device: str, line: str) -> str:
    """Return a tape's line as it stands in a file."""
    said = {"device": device, **json.loads(line)}
    if "hex" in said:
        said["text"] = repr(bytes.fromhex(said["hex"]))[2:-1]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> tuple[Recording, ...]:
    """Read a file; MisuseError `recording.unreadable` says which line is none."""
    if len(text) > MAX_CHARACTERS:
        raise MisuseError("recording.unreadable", "the recording has more than 64 MiB: cut it")
    labels: dict[str, Label] = {}
    lines: dict[str, list[Line]] = {}
    for number, each in enumerate(text.splitlines(), 1):
        try:
            _take(each, labels, lines)
        except MisuseError as error:
            raise MisuseError(error.code, f"line {number}: {error.message}") from None
    return tuple(Recording(label, tuple(lines[name])) for name, label in labels.items())


def _take(text: str, labels: dict[str, Label], lines: dict[str, list[Line]]) -> None:
    if '"posedge"' in text:
        label = _label(text)
        labels[label.device] = label
        lines.setdefault(label.device, [])
    elif text.strip():
        line = read_line(text)
        if line.said.get("device") not in lines:
            raise MisuseError("recording.unreadable", "a line of a device without a label")
        lines[line.said["device"]].append(line)


def _label(text: str) -> Label:
    try:
        label = Label.model_validate_json(text)
    except ValidationError as error:
        raise MisuseError("recording.unreadable", f"no label: {error.errors()[0]['msg']}") from None
    if label.version != VERSION or label.driver not in DRIVERS:
        text = f"version {label.version} and driver {label.driver} are not known here"
        raise MisuseError("recording.unreadable", text)
    return label


class _RecordedIds(Ids):
    """The ids that the driver got when it was recorded, then others."""

    def __init__(self, recorded: Sequence[str], clock: Clock) -> None:
        super().__init__(clock)
        self._recorded = deque(recorded)

    def new(self) -> str:
        return self._recorded.popleft() if self._recorded else super().new()


@dataclass(frozen=True, slots=True)
class Replay:
    """What hears a replay. `state` hears None when the device answers, else why it does not."""

    bus: Publisher
    mismatch: Callable[[Mismatch], None]
    state: Callable[[str | None], None]


async def replay(recording: Recording, out: Replay, *, clock: Clock) -> None:
    """Run the recording's driver against it, to its end, by the loop's time.

    What was asked of the device from outside when it was recorded (print, pay) is not asked again,
    and so what the driver wrote for it comes out as a Mismatch. DeviceError when the driver takes
    the options no more.
    """
    label = recording.label
    ids = [str(line.said["id"]) for line in recording.lines if "id" in line.said]
    passed = [line for line in recording.lines if "id" not in line.said]
    reels = Reels(passed, MASKS.get(label.driver, PLAIN), out.mismatch)

    async def report(reason: str | None) -> None:
        out.state(reason)

    async def open_at(_baud: int, _bits: Bits, _parity: ParityLetter) -> ReplayLink:
        return await reels.open()

    site = Site(
        device=label.device,
        name=label.device,
        open=reels.open,
        bus=out.bus,
        clock=clock,
        ids=_RecordedIds(ids, clock),
        options=label.options,
        report=report,
        warn=report,
        scheme=label.scheme,
        open_at=open_at if label.scheme == "serial" else None,
    )
    while not reels.over.is_set():
        driver = DRIVERS[label.driver](site)
        try:
            await driver.run()
        except DeviceError as error:
            if not reels.over.is_set():
                out.state(error.message)
        await asyncio.sleep(0)


class Part(Value):
    """What one tape holds behind the line that was asked for: `last` is the number of its last."""

    device: str
    label: str
    last: int
    lines: list[str]


def parts(
    tapes: Tapes, name: str, after: Mapping[str, int], now_s: float, *, final: bool = False
) -> list[Part]:
    """Return what is new on the tape of the device `name`, or of `all`."""
    found: list[Part] = []
    for reel in tapes.all():
        label = reel.label
        if name in {"all", label.device, reel.id}:
            last, lines = reel.tape.lines(after.get(label.device, 0), now_s, final=final)
            found.append(Part(device=label.device, label=header(label), last=last, lines=lines))
    return found


def files(recordings: Sequence[Part]) -> Iterator[str]:
    """Return the lines of a file with all of `recordings`."""
    for each in recordings:
        yield each.label
        yield from (written(each.device, line) for line in each.lines)
