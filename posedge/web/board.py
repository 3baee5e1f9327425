"""What the technician's page says, worked out from the box's status: words and tones, no HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from posedge.model.capabilities import DeviceState, DeviceStatus, Kind, ScaleState, Weight
from posedge.model.case import Case, CaseKind
from posedge.model.drawer import DrawerStatus
from posedge.model.payment import Attempt, State
from posedge.model.reconciliation import DayState
from posedge.model.status import BoxStatus
from posedge.terminals.judgement import Verdict
from posedge.terminals.overview import TerminalStatus
from posedge.terminals.report import Entry, Phase, Report

SHOWN_PAYMENTS = 8


class Tone(StrEnum):
    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that somebody should know, in one sentence and a second one on what to do."""

    tone: Tone
    what: str
    then: str


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    tone: Tone


PAYMENT_LABELS: dict[State, Label] = {
    State.CREATED: Label("starting", Tone.MUTE),
    State.SENDING: Label("at the terminal", Tone.WAIT),
    State.IN_PROGRESS: Label("at the terminal", Tone.WAIT),
    State.APPROVAL_STORED: Label("approved, confirming", Tone.WAIT),
    State.PARTIAL_STORED: Label("partly approved, confirming", Tone.WAIT),
    State.DECLINE_STORED: Label("declined, confirming", Tone.MUTE),
    State.CANCEL_STORED: Label("cancelled, confirming", Tone.MUTE),
    State.APPROVED: Label("approved", Tone.GOOD),
    State.PARTIAL: Label("partly approved, the till decides", Tone.WAIT),
    State.PARTIAL_KEPT: Label("partly approved", Tone.GOOD),
    State.PARTIAL_UNWANTED: Label("partly approved, given back", Tone.GOOD),
    State.DECLINED: Label("declined", Tone.MUTE),
    State.CANCELLED: Label("cancelled", Tone.MUTE),
    State.NOT_SENT: Label("not sent", Tone.MUTE),
    State.FAILED_NOT_STARTED: Label("not started", Tone.MUTE),
    State.NOT_COMPLETED: Label("not completed", Tone.MUTE),
    State.IN_DOUBT: Label("in doubt", Tone.WAIT),
    State.IN_DOUBT_AFTER_APPROVAL: Label("in doubt after approval", Tone.WAIT),
    State.NEEDS_OPERATOR: Label("needs you", Tone.BAD),
    State.OPERATOR_APPROVED: Label("approved by operator", Tone.GOOD),
    State.OPERATOR_NOT_COMPLETED: Label("not completed, by operator", Tone.MUTE),
}

DAY_LABELS: dict[DayState, Label] = {
    DayState.RUNNING: Label("at the terminal", Tone.WAIT),
    DayState.AGREED: Label("agrees with the journal", Tone.GOOD),
    DayState.DIFFERENT: Label("differs from the journal", Tone.BAD),
    DayState.UNCOMPARED: Label("closed, nothing to compare", Tone.MUTE),
    DayState.FAILED: Label("not closed", Tone.WAIT),
    DayState.UNKNOWN: Label("nobody knows", Tone.BAD),
}

CASE_LABELS: dict[CaseKind, Label] = {
    CaseKind.GIVE_BACK: Label("money to give back", Tone.BAD),
    CaseKind.RECONCILIATION: Label("end of day", Tone.WAIT),
    CaseKind.CONTRADICTION: Label("contradiction", Tone.BAD),
}

DEVICE_LABELS: dict[DeviceState, Label] = {
    DeviceState.ONLINE: Label("ready", Tone.GOOD),
    DeviceState.OFF: Label("switched off", Tone.WAIT),
    DeviceState.OFFLINE: Label("not ready", Tone.WAIT),
    DeviceState.OFF_OFFLINE: Label("not answering", Tone.BAD),
}

SCALE_WORDS: dict[ScaleState, str] = {
    ScaleState.STABLE_WEIGHT: "stable",
    ScaleState.ZERO: "empty",
    ScaleState.UNSTABLE: "moving",
    ScaleState.OVERWEIGHT: "too heavy",
    ScaleState.UNDER_ZERO: "below zero",
    ScaleState.NOT_READY: "no reading",
}


VERDICT_LABELS: dict[Verdict, Label] = {
    Verdict.PASSED: Label("passed", Tone.GOOD),
    Verdict.FAILED: Label("failed", Tone.BAD),
    Verdict.NOT_SHOWN: Label("not shown", Tone.WAIT),
    Verdict.UNABLE: Label("cannot", Tone.MUTE),
    Verdict.NOT_RUN: Label("not tried", Tone.WAIT),
}


@dataclass(frozen=True, slots=True)
class Check:
    """A terminal and its running or last go-live check; `ended` are the steps that are over."""

    terminal: TerminalStatus
    report: Report | None

    @property
    def running(self) -> bool:
        return self.report is not None and self.report.phase is Phase.RUNNING

    @property
    def ended(self) -> tuple[Entry, ...]:
        entries = self.report.entries if self.report else ()
        return tuple(each for each in entries if each.verdict is not None)

    @property
    def label(self) -> Label:
        if self.report is None:
            return Label("never checked", Tone.MUTE)
        if self.running:
            return Label(f"{len(self.ended)} of {len(self.report.entries)}", Tone.WAIT)
        ready = self.report.ready
        return Label("ready", Tone.GOOD) if ready else Label("not ready", Tone.BAD)


@dataclass(frozen=True, slots=True)
class Board:
    """The page's content; `concerns` are in the order of their urgency, none means all is well."""

    box: BoxStatus
    concerns: tuple[Concern, ...]
    scales: tuple[tuple[DeviceStatus, Weight], ...]
    payments: tuple[Attempt, ...]
    checks: tuple[Check, ...]

    @property
    def tone(self) -> Tone:
        return self.concerns[0].tone if self.concerns else Tone.GOOD

    @property
    def uptime(self) -> str:
        return _span((self.box.now.monotonic_ns - self.box.started.monotonic_ns) // 10**9)

    @property
    def relayed_percent(self) -> int:
        """How much of the journal headquarters has confirmed, rounded down."""
        acked, behind = self.box.relay.acked, self.box.relay.behind
        return 100 * acked // (acked + behind) if behind else 100


def board(
    box: BoxStatus,
    weights: Sequence[tuple[DeviceStatus, Weight]],
    checked: Sequence[Check] = (),
) -> Board:
    urgent = sorted(box.desk.recent, key=lambda each: each.state is not State.NEEDS_OPERATOR)
    return Board(
        box, tuple(_concerns(box)), tuple(weights), tuple(urgent[:SHOWN_PAYMENTS]), tuple(checked)
    )


def checks(terminals: Sequence[TerminalStatus], reports: Sequence[Report]) -> tuple[Check, ...]:
    last = {each.terminal: each for each in reports}
    return tuple(Check(each, last.get(each.name)) for each in terminals)


def scales(box: BoxStatus) -> tuple[DeviceStatus, ...]:
    return tuple(each for each in box.devices if each.kind is Kind.SCALE)


def drawer_label(drawer: DrawerStatus) -> Label:
    if drawer.left_open:
        return Label("left open", Tone.BAD)
    return Label("open", Tone.WAIT) if drawer.open else Label("closed", Tone.MUTE)


def kilograms(weight: Weight) -> str:
    """Return `1.234`, or a dash: what moves has no weight."""
    if weight.weight_g is None:
        return "\N{EN DASH}"
    sign = "-" if weight.weight_g < 0 else ""
    return f"{sign}{abs(weight.weight_g) // 1000}.{abs(weight.weight_g) % 1000:03d}"


def _concerns(box: BoxStatus) -> Iterator[Concern]:
    if not box.journal.healthy:
        yield Concern(
            Tone.BAD,
            "The journal takes nothing",
            f"No sale can be completed: {box.journal.reason or 'the disk failed'}.",
        )
    if count := box.desk.needs_operator:
        yield Concern(
            Tone.BAD,
            f"{_count(count, 'payment needs', 'payments need')} you",
            "The terminal could not say whether the money moved. Find out, then settle it below.",
        )
    yield from _case_concerns(box.desk.cases)
    if count := box.desk.in_doubt:
        yield Concern(
            Tone.WAIT,
            f"{_count(count, 'payment is', 'payments are')} in doubt",
            "The box is asking the terminal. Nothing is charged twice meanwhile.",
        )
    yield from map(_device_concern, filter(_is_away, box.devices))
    for drawer in box.drawers:
        if drawer.left_open:
            yield Concern(
                Tone.WAIT,
                f"Drawer {drawer.drawer} stands open",
                "Push it shut, or see who left it so: the journal says why it was opened.",
            )
    if count := box.prints_waiting:
        yield Concern(
            Tone.WAIT,
            f"{_count(count, 'print is', 'prints are')} waiting for a printer",
            "Nothing is lost. They come out by themselves when the printer is ready.",
        )
    if box.relay.configured and not box.relay.online:
        yield Concern(
            Tone.WAIT,
            "Headquarters is out of reach",
            f"{_count(box.relay.behind, 'entry waits', 'entries wait')} here and nothing is lost.",
        )
    if box.events.alarm:
        yield Concern(
            Tone.WAIT,
            "Earlier events are lost",
            f"{box.events.alarm}. Sales and payments are all kept.",
        )
    if not box.now.trusted:
        yield Concern(
            Tone.WAIT,
            "The clock is not confirmed",
            "Sales go on in their order; printed times may be wrong until a time server answers.",
        )


def _case_concerns(cases: Sequence[Case]) -> Iterator[Concern]:
    """Tell first of machines that speak against a person: somebody's books are wrong."""
    against = sum(case.kind is CaseKind.CONTRADICTION for case in cases)
    if against:
        yield Concern(
            Tone.BAD,
            f"{_count(against, 'terminal contradicts', 'terminals contradict')} what was settled",
            "Money moved otherwise than a person said. Compare the books, then end the case below.",
        )
    if count := len(cases) - against:
        back = any(case.kind is CaseKind.GIVE_BACK for case in cases)
        yield Concern(
            Tone.BAD if back else Tone.WAIT,
            f"{_count(count, 'case waits', 'cases wait')} for you",
            "Each says what to do. It stays until somebody has done it and says so below.",
        )


def _is_away(device: DeviceStatus) -> bool:
    return device.state is not DeviceState.ONLINE


def _device_concern(device: DeviceStatus) -> Concern:
    label = DEVICE_LABELS[device.state]
    then = device.reason or "Look at its cable and power."
    return Concern(Tone.WAIT, f"{device.name} is {label.text}", then[:1].upper() + then[1:])


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _span(seconds: int) -> str:
    minutes = seconds // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
