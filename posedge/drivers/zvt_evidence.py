"""What a terminal's last receipt proves about an attempt. Pure; the rules are payments' own.

ZVT has no key: an answer is ours only if amount, terminal, number and time all fit, the number
being strictly newer than the one that was last before we sent. Nothing else moves an attempt.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from posedge.drivers.zvt_options import ZvtOptions
from posedge.model.money import NUMERIC, Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import Finding, FindingKind
from posedge.wire.zvt.codes import CVMS, ENTRY, SIGNATURE, Result, TerminalState, words
from posedge.wire.zvt.status import StatusInformation

NUMBERS = 10_000
"""Receipt numbers have four digits and start again."""

NEWER = 1_000
"""A number that is further ahead than this is not newer, it is another terminal's."""

_MARK = re.compile(
    r"(?:receipt (?P<receipt>\d{4})|no receipt)(?: trace (?P<trace>\w+))?"
    r"(?: tid (?P<tid>\w+))?(?: at (?P<at>\w+))?"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The terminal's last receipt as a pre-image, in one line for the journal.

    `receipt 0231 trace 001012 tid 52523535 at 1123083111` (month, day, time), or
    `no receipt tid 52523535` when the terminal says that it has none.
    """

    receipt_no: str
    trace_no: str = ""
    terminal_id: str = ""
    at: str = ""

    @classmethod
    def of(cls, info: StatusInformation | None, terminal_id: str = "") -> Self:
        if info is None:
            return cls("", terminal_id=terminal_id)
        tid = info.terminal_id or terminal_id
        return cls(info.receipt_no, info.trace_no, tid, info.date + info.time)

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        found = _MARK.fullmatch(text or "")
        return found and cls(*(found[name] or "" for name in ("receipt", "trace", "tid", "at")))

    def __str__(self) -> str:
        named = (("trace", self.trace_no), ("tid", self.terminal_id), ("at", self.at))
        first = f"receipt {self.receipt_no}" if self.receipt_no else "no receipt"
        return " ".join((first, *(f"{name} {value}" for name, value in named if value)))

    def precedes(self, receipt_no: str) -> bool:
        """Whether `receipt_no` is strictly newer; beyond 9999 the numbers start again."""
        if not receipt_no.isdecimal():
            return False
        if not self.receipt_no:
            return True
        return 0 < (int(receipt_no) - int(self.receipt_no)) % NUMBERS <= NEWER


def outcome(info: StatusInformation, attempt: Attempt) -> TerminalResult | None:
    """Read a status information as the result of `attempt`; None when it cannot be its result.

    Less than was asked for is a partial approval. More, nothing, or foreign money is not ours.
    """
    approved = info.result == Result.OK
    requested = attempt.amount
    minor = requested.minor if info.amount_minor is None else info.amount_minor
    foreign = info.currency not in {None, NUMERIC.get(requested.currency)}
    tip_minor = (info.tip_minor or 0) if attempt.asks_tip else 0
    if approved and (foreign or not 0 < minor - tip_minor <= requested.minor):
        return None
    assumed = approved and info.amount_minor is None
    return TerminalResult(
        approved=approved,
        amount=Money(minor=minor, currency=requested.currency) if approved else None,
        tip=_money(info.tip_minor, requested.currency) if approved else None,
        cashback=_money(info.cashback_minor, requested.currency) if approved else None,
        code=f"{info.result or 0:02X}",
        text=_text(info, assumed=assumed),
        terminal_id=info.terminal_id,
        receipt_no=info.receipt_no,
        trace_no=info.trace_no,
        auth_code=info.auth_code,
        scheme=_scheme(info),
        pan_last4=info.pan_last4,
        entry=ENTRY.get(info.entry, "") if info.entry is not None else "",
        terminal_time=_time(info),
        merchant_no=info.merchant_no,
        aid=info.aid,
        cvm=CVMS.get(info.cvm, "") if info.cvm is not None else "",
        signature=approved and info.cvm == SIGNATURE,
        cancelled=info.result == Result.ABORTED,
    )


def weigh(
    attempt: Attempt,
    info: StatusInformation | None,
    *,
    state: int,
    terminal_id: str,
    waited_s: int,
    silence_s: float,
    options: ZvtOptions,
) -> Finding:
    """Judge what the terminal repeated. `terminal_id` is the one that it registered with.

    Approved needs full correlation; not completed needs an idle terminal whose last receipt is
    still the pre-image after `silence_s`. A terminal without any receipt proves nothing: it may
    have forgotten.
    """
    if info is None:
        return _unknown("the terminal has no last receipt to repeat")
    before = Mark.parse(attempt.preimage)
    seen = Mark.of(info, terminal_id)
    if before is not None and before == seen and seen.receipt_no:
        return _unchanged(seen, state=state, waited_s=waited_s, silence_s=silence_s)
    result = attempt.result if info.amount_minor is None else outcome(info, attempt)
    misfits = _misfits(attempt, info, before, terminal_id, options)
    if misfits or result is None or not result.approved:
        reasons = "; ".join(misfits) or f"its result is {words(info.result or 0)}"
        return _unknown(f"the last is {seen}, which is not shown to be ours: {reasons}")
    assert result.amount is not None, "an approval has an amount"
    tip_minor = result.tip.minor if result.tip and attempt.asks_tip else 0
    partial = result.amount.minor - tip_minor < attempt.amount.minor
    kind = FindingKind.PARTIAL if partial else FindingKind.APPROVED
    return Finding(kind=kind, text=f"the last is {seen}, {result.amount}", result=result)


def _unchanged(seen: Mark, *, state: int, waited_s: int, silence_s: float) -> Finding:
    if state != TerminalState.READY:
        return _unknown(f"the last is still {seen}, but the terminal is not idle: {state:02X}")
    if waited_s < silence_s:
        return _unknown(f"the last is still {seen}, but only {waited_s} s have passed")
    text = f"idle, and the last is still {seen} after {waited_s} s"
    return Finding(kind=FindingKind.NOT_COMPLETED, text=text)


def _misfits(
    attempt: Attempt,
    info: StatusInformation,
    before: Mark | None,
    terminal_id: str,
    options: ZvtOptions,
) -> list[str]:
    """Say each thing that speaks against this receipt being the attempt's."""
    stored = attempt.result if attempt.result and attempt.result.approved else None
    named = stored is not None and bool(stored.receipt_no)
    same = stored is not None and (stored.receipt_no, stored.trace_no) == (
        info.receipt_no,
        info.trace_no,
    )
    expected = (stored and stored.amount) or attempt.amount
    tid = (before and before.terminal_id) or terminal_id
    newer = before is not None and before.precedes(info.receipt_no)
    reversal = attempt.kind is AttemptKind.REVERSAL
    reserved = attempt.kind in {AttemptKind.CAPTURE, AttemptKind.RELEASE}
    tip_minor = (info.tip_minor or 0) if attempt.asks_tip and not stored else 0
    undoes = bool(info.original_trace_no.strip("0"))
    fits = {
        "its outcome cannot be read": not info.doubtful,
        "another amount": info.amount_minor == expected.minor + tip_minor
        or (info.amount_minor is None and same and named),
        "another terminal": bool(info.terminal_id) and info.terminal_id == tid,
        "not the receipt of the stored result": same or not named,
        "not newer than before": newer or (same and named),
        "another time": _in_time(attempt.sent or attempt.created, info, options),
        "it undoes another": reversal or reserved or not undoes,
        "it names no payment that it undoes": undoes or not reversal or (same and named),
    }
    return [reason for reason, fit in fits.items() if not fit]


def _in_time(sent: Stamp, info: StatusInformation, options: ZvtOptions) -> bool:
    """Whether the terminal's clock (no year, no zone) says that it came after `sent`."""
    ours = datetime.fromtimestamp(sent.utc_ns // NS_PER_S, tz=UTC).astimezone(options.zone)
    skew = timedelta(seconds=options.skew_s)
    window = timedelta(milliseconds=options.t4_ms) + skew
    for year in (ours.year, ours.year + 1, ours.year - 1):
        try:
            theirs = datetime.strptime(f"{year}{info.date}{info.time}", "%Y%m%d%H%M%S").replace(
                tzinfo=ours.tzinfo
            )
        except ValueError:
            continue
        if -skew <= theirs - ours <= window:
            return True
    return False


def _unknown(text: str) -> Finding:
    return Finding(kind=FindingKind.UNKNOWN, text=text)


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor=minor, currency=currency)


def _text(info: StatusInformation, *, assumed: bool) -> str:
    said = info.text or ("" if info.result == Result.OK else words(info.result or 0))
    note = "the terminal named no amount; the requested one is taken" if assumed else ""
    return "; ".join(part for part in (said, note) if part)


def _scheme(info: StatusInformation) -> str:
    if info.card_name or info.card_type is None:
        return info.card_name
    return f"card type {info.card_type}"


def _time(info: StatusInformation) -> str:
    date, time = info.date, info.time
    if not (date and time):
        return ""
    return f"{date[:2]}-{date[2:]} {time[:2]}:{time[2:4]}:{time[4:]}"
