"""What a terminal's last result proves about an attempt. Pure.

`G` repeats whatever was saved last, for whichever till, and bears no key: it is ours only if
terminal, amount and time fit and its transaction number (STAN) is strictly newer than the one
that was last before we sent.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from posedge.drivers.ecr17_options import Ecr17Options
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import Finding, FindingKind
from posedge.wire.ecr17.results import CARDS, ENTRY, OK, RESULTS, PaymentResult

NUMBERS = 1_000_000
NEWER = 1_000
"""A number that is further ahead than this is not newer, it is another terminal's."""

_MARK = re.compile(r"stan (\d{6}) tid (\d{8}) result (\d\d) at (\d{7}|none)")


@dataclass(frozen=True, slots=True)
class Mark:
    """The terminal's last result as a pre-image: `stan 000123 tid 12345678 result 00 at 3271205`.

    The time is the host's: day of the year, hour, minute.
    """

    stan: str
    terminal_id: str
    result: str
    time: str

    @classmethod
    def of(cls, said: PaymentResult) -> Self:
        time = said.time if said.time.isdecimal() else "none"
        return cls(said.stan, said.terminal_id, said.result, time)

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        found = _MARK.fullmatch(text or "")
        return found and cls(*found.groups())

    def __str__(self) -> str:
        return f"stan {self.stan} tid {self.terminal_id} result {self.result} at {self.time}"

    def steps_to(self, stan: str) -> int:
        """How far `stan` is ahead; beyond 999999 the numbers start again."""
        return (int(stan) - int(self.stan)) % NUMBERS

    def precedes(self, stan: str) -> bool:
        return 0 < self.steps_to(stan) <= NEWER


def outcome(said: PaymentResult, attempt: Attempt) -> TerminalResult | None:
    """Read what came behind our request as its result; None when it cannot be that."""
    asked = attempt.amount
    approved = said.result == OK
    named = said.amount_minor
    if approved and named is not None and not 0 < named <= asked.minor:
        return None
    minor = asked.minor if named is None else named
    reserves = attempt.kind is AttemptKind.PREAUTH
    return TerminalResult(
        approved=approved,
        amount=Money(minor=minor, currency=asked.currency) if approved else None,
        code=said.result + said.action,
        text="" if approved else (said.text or RESULTS[said.result]),
        terminal_id=said.terminal_id,
        receipt_no=said.reservation if reserves else said.stan,
        trace_no=said.stan,
        auth_code=said.auth_code.strip(),
        scheme=CARDS.get(said.card_type, ""),
        pan_last4=said.pan_last4,
        entry=ENTRY.get(said.entry, ""),
        terminal_time=said.time if approved else "",
    )


def weigh(
    attempt: Attempt, said: PaymentResult | None, *, waited_s: int, options: Ecr17Options
) -> Finding:
    """Judge what the terminal repeated, `None` when it would not."""
    if said is None:
        return _unknown("the terminal has no last result to repeat")
    before, seen = Mark.parse(attempt.preimage), Mark.of(said)
    if attempt.result is not None and attempt.result.approved:
        return _still(attempt.result, said, seen)
    if before == seen:
        return _unchanged(seen, waited_s=waited_s, options=options)
    if said.result != OK:
        return _refused(attempt, said, before, seen)
    return _approved(attempt, said, before, seen, options)


def _approved(
    attempt: Attempt, said: PaymentResult, before: Mark | None, seen: Mark, options: Ecr17Options
) -> Finding:
    misfits = _misfits(attempt, said, before, options)
    result = None if misfits else outcome(said, attempt)
    if result is None:
        reasons = "; ".join(misfits)
        return _unknown(f"the last is {seen}, which is not shown to be ours: {reasons}")
    text = f"the last is {seen}, {result.amount}"
    return Finding(kind=FindingKind.APPROVED, text=text, result=result)


def _still(stored: TerminalResult, said: PaymentResult, seen: Mark) -> Finding:
    """Judge what was approved and stored, and perhaps not confirmed."""
    same = (stored.trace_no, stored.terminal_id) == (said.stan, said.terminal_id)
    if same and said.result == OK:
        return Finding(kind=FindingKind.APPROVED, text=f"it still says {seen}", result=stored)
    return _unknown(f"it had approved, and its last is {seen}")


def _unchanged(seen: Mark, *, waited_s: int, options: Ecr17Options) -> Finding:
    if waited_s * 1000 < options.answer_ms:
        return _unknown(f"the last is still {seen}, and the terminal may be at it")
    text = f"it answers, and its last is still {seen}"
    return Finding(kind=FindingKind.NOT_COMPLETED, text=text)


def _refused(attempt: Attempt, said: PaymentResult, before: Mark | None, seen: Mark) -> Finding:
    """Judge a no. The very next number behind the pre-image leaves no room for a yes of ours."""
    follows = before is not None and before.steps_to(said.stan) == 1
    here = before is not None and before.terminal_id == said.terminal_id
    if not (follows and here and said.amount_minor in {None, attempt.amount.minor}):
        return _unknown(f"the last is {seen}, a no that is not shown to be ours")
    text = f"the next after ours began is {seen}, a no"
    return Finding(kind=FindingKind.NOT_COMPLETED, text=text)


def _misfits(
    attempt: Attempt, said: PaymentResult, before: Mark | None, options: Ecr17Options
) -> list[str]:
    """Say each thing that speaks against this approval being the attempt's.

    Less than was asked may be another till's payment. A reversal names no amount; it undoes
    nothing but the last payment, which was ours.
    """
    amount = None if attempt.kind is AttemptKind.REVERSAL else attempt.amount.minor
    fits = {
        "another amount": said.amount_minor == amount,
        "another terminal": before is not None and said.terminal_id == before.terminal_id,
        "not newer than before": before is not None and before.precedes(said.stan),
        "another time": _in_time(attempt.sent or attempt.created, said.time, options),
    }
    return [reason for reason, fit in fits.items() if not fit]


def _in_time(sent: Stamp, time: str, options: Ecr17Options) -> bool:
    """Whether the host's time, DDDHHMM without a year, says that it came after `sent`."""
    ours = datetime.fromtimestamp(sent.utc_ns // NS_PER_S, tz=UTC).astimezone(options.zone)
    skew = timedelta(seconds=options.skew_s)
    earliest = ours - skew - timedelta(minutes=1)  # it has no seconds
    latest = ours + timedelta(milliseconds=options.answer_ms) + skew
    for year in (ours.year, ours.year + 1, ours.year - 1):
        try:
            theirs = datetime.strptime(f"{year}{time}", "%Y%j%H%M").replace(tzinfo=ours.tzinfo)
        except ValueError:
            continue
        if earliest <= theirs <= latest:
            return True
    return False


def _unknown(text: str) -> Finding:
    return Finding(kind=FindingKind.UNKNOWN, text=text)
