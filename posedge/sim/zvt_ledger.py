"""What a simulated terminal has really charged, and the last receipt that it can repeat."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from datetime import datetime

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.totals import Total, Totals

SIGNS = {AttemptKind.SALE: 1, AttemptKind.CAPTURE: 1, AttemptKind.REFUND: -1}
"""Which way money moves; what was reversed counts no more."""

RECEIPTS = 9999
"""Four digits: 9999 is followed by 0001."""


@dataclass(slots=True)
class Memory:
    """The terminal's numbers and books. Nothing of it is kept when the program ends."""

    now: Callable[[], datetime]
    terminal_id: str
    currency: int
    receipt: int
    charges: list[Charge] = field(default_factory=list[Charge])
    last: StatusInformation | None = None
    ended: int = 0

    def __post_init__(self) -> None:
        if self.receipt:
            self.last = self._stamped(100, self.currency)

    def approve(self, amount_minor: int, currency: int, original: str = "") -> StatusInformation:
        """Give a new approval its numbers; it counts only once it is kept."""
        self.receipt = self.receipt % RECEIPTS + 1
        return replace(self._stamped(amount_minor, currency), original_trace_no=original)

    def refuse(self, code: int, text: str = "") -> StatusInformation:
        moment = self.now()
        return StatusInformation(
            result=code,
            text=text,
            terminal_id=self.terminal_id,
            time=f"{moment:%H%M%S}",
            date=f"{moment:%m%d}",
        )

    def keep(self, kind: AttemptKind, status: StatusInformation) -> None:
        """Book an approval and remember it as the last receipt."""
        self.last = status
        self.charges.append(_charge(kind, status, taken_back=False))

    def take_back(self, kind: AttemptKind, status: StatusInformation) -> None:
        """Book an approval that the terminal reversed by itself; the last receipt stays."""
        self.charges.append(_charge(kind, status, taken_back=True))

    def find(self, receipt_no: str, kinds: Container[AttemptKind]) -> Charge | None:
        """Return the newest charge of these kinds with this receipt number."""
        found = (
            charge
            for charge in reversed(self.charges)
            if charge.kind in kinds and charge.receipt_no == receipt_no
        )
        return next(found, None)

    @property
    def reserved(self) -> tuple[str, ...]:
        """The receipt numbers of the reservations that are neither booked nor given up."""
        return tuple(
            each.receipt_no
            for each in self.charges
            if each.kind is AttemptKind.PREAUTH and not each.reversed
        )

    def end_day(self) -> StatusInformation:
        """Return the totals since the last end of day, all on one card scheme, and begin anew."""
        today = self.charges[self.ended :]
        self.ended = len(self.charges)
        money = [each for each in today if each.kind in SIGNS and not each.reversed]
        net = sum(SIGNS[each.kind] * each.amount_minor for each in money)
        numbers = sorted(each.receipt_no for each in money) or ["0000"]
        total = Total("girocard", len(money), max(0, net))
        moment = self.now()
        return StatusInformation(
            result=0,
            amount_minor=max(0, net),
            currency=self.currency,
            time=f"{moment:%H%M%S}",
            date=f"{moment:%m%d}",
            terminal_id=self.terminal_id,
            totals=Totals(numbers[0], numbers[-1], (total,)),
        )

    def undo(self, charge: Charge) -> None:
        self.charges[self.charges.index(charge)] = replace(charge, reversed=True)

    def _stamped(self, amount_minor: int, currency: int) -> StatusInformation:
        moment = self.now()
        return StatusInformation(
            result=0,
            amount_minor=amount_minor,
            currency=currency,
            trace_no=f"{self.receipt:06}",
            time=f"{moment:%H%M%S}",
            date=f"{moment:%m%d}",
            terminal_id=self.terminal_id,
            merchant_no="455603746",
            receipt_no=f"{self.receipt:04}",
            card_type=5,
            card_name="girocard",
            pan_last4="0018",
            auth_code="367655",
            entry=2,
        )


def _charge(kind: AttemptKind, status: StatusInformation, *, taken_back: bool) -> Charge:
    assert status.amount_minor is not None, "an approval of ours always has an amount"
    return Charge(kind, status.amount_minor, status.receipt_no, status.trace_no, taken_back)
