"""The go-live check's report, while it grows and for ever."""

from enum import StrEnum

from posedge.model.payment import Attempt
from posedge.model.stamp import Stamp
from posedge.model.value import Value
from posedge.terminals.judgement import Finding, Verdict
from posedge.terminals.plan import Flow, Step


class Phase(StrEnum):
    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


class Entry(Value):
    """One step of it. `verdict` None: not yet. `ask` is what the person must do.

    `took_ms` is the time of the whole step, the person's included.
    """

    flow: Flow
    title: str
    ask: str
    verdict: Verdict | None = None
    text: str = ""
    took_ms: int | None = None
    payments: tuple[Attempt, ...] = ()


class Report(Value):
    """`now` says what is going on and what the person must do.

    `warnings`: what is wrong with a terminal that works, such as whole card numbers.
    """

    id: str
    terminal: str
    driver: str
    port: str
    version: str
    who: str
    test_mode: bool
    started: Stamp
    ended: Stamp | None = None
    phase: Phase = Phase.RUNNING
    now: str = ""
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether all that the terminal can do was seen to work."""
        good = {Verdict.PASSED, Verdict.UNABLE}
        ended = self.phase is Phase.ENDED
        return ended and not self.warnings and all(each.verdict in good for each in self.entries)

    @property
    def summary(self) -> str:
        """The whole in one sentence."""
        if self.phase is Phase.RUNNING:
            return "The check is running."
        if self.ready:
            return "Ready: every flow that this terminal can do was seen to work."
        count = {
            verdict: sum(each.verdict is verdict for each in self.entries) for verdict in Verdict
        }
        words = {
            Verdict.FAILED: "failed",
            Verdict.NOT_SHOWN: "not shown",
            Verdict.NOT_RUN: "not tried",
        }
        parts = [f"{count[each]} {word}" for each, word in words.items() if count[each]]
        parts += [f"{len(self.warnings)} warned of"] if self.warnings else []
        return f"Not ready: {', '.join(parts) or 'it was stopped'}."


def entry(step: Step) -> Entry:
    return Entry(flow=step.flow, title=step.title, ask=step.ask)


def with_finding(
    report: Report, flow: Flow, found: Finding, *, took_ms: int, payments: tuple[Attempt, ...] = ()
) -> Report:
    """Return the report with the step of this flow ended."""
    news = {"verdict": found.verdict, "text": found.text}
    more = {"took_ms": took_ms, "payments": payments}
    return report.model_copy(
        update={
            "entries": tuple(
                each.model_copy(update={**news, **more}) if each.flow is flow else each
                for each in report.entries
            )
        }
    )
