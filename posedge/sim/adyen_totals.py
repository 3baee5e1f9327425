"""A simulated Adyen terminal's totals: a period after the other, for whoever has logged in."""

from collections.abc import Mapping, Sequence

from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.sim import adyen_answers as say
from posedge.sim.adyen_faults import Faults
from posedge.sim.charge import Charge
from posedge.wire.nexo.answers import Condition
from posedge.wire.nexo.notation import Fields

FIRST_PERIOD = 1000

KINDS = {
    AttemptKind.SALE: "Debit",
    AttemptKind.REFUND: "Credit",
    AttemptKind.REVERSAL: "ReverseDebit",
}
"""nexo's TransactionType of each movement."""


class Periods:
    """Counts on behind what it has told; `logged_in` since a till has said who it is."""

    def __init__(self, faults: Faults) -> None:
        self.logged_in = False
        self._faults = faults
        self._period = FIRST_PERIOD
        self._told = 0

    def end(self, ledger: Sequence[Charge], amounts: Mapping[str, Money]) -> Fields:
        """End the running period; `amounts` by the numbers of the ledger."""
        if self._faults.totalless:
            return {"Response": say.failure(Condition.NOT_ALLOWED, "Reconciliation is off")}
        if not self.logged_in:
            return {"Response": say.failure(Condition.LOGGED_OUT, "log in first")}
        sums: dict[tuple[str, str], tuple[int, Money]] = {}
        for charge in ledger[self._told :]:
            amount = amounts[charge.receipt_no]
            of = amount.currency, KINDS[charge.kind]
            off = Money(minor=0 if sums else self._faults.totals_off_minor, currency=of[0])
            count, before = sums.get(of, (0, off))
            sums[of] = count + 1, before + amount
        self._told = len(ledger)
        self._period += 1
        return say.totals(self._period - 1, sums)
