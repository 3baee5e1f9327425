"""What a simulated ECR17 terminal has really charged, and the result that it repeats."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.wire.ecr17.requests import NO_STAN, Code, Request
from posedge.wire.ecr17.results import OK, PaymentResult

KINDS = {
    Code.PAYMENT: AttemptKind.SALE,
    Code.EXTENDED_PAYMENT: AttemptKind.SALE,
    Code.PRE_AUTHORISATION: AttemptKind.PREAUTH,
    Code.CLOSURE: AttemptKind.CAPTURE,
    Code.REVERSAL: AttemptKind.REVERSAL,
}
SIGNS = {
    AttemptKind.SALE: 1,
    AttemptKind.CAPTURE: 1,
    AttemptKind.REVERSAL: -1,
    AttemptKind.PREAUTH: 0,
}
ANSWERS = {Code.PRE_AUTHORISATION: "e", Code.CLOSURE: "c"}
LAST4 = "1234"


@dataclass(slots=True)
class Ledger:
    """The terminal's numbers and books. Nothing of it is kept when the program ends."""

    now: Callable[[], datetime]
    terminal_id: str
    stan: int = 230
    charges: list[Charge] = field(default_factory=list[Charge])
    last: PaymentResult | None = None
    closed: int = 0

    def __post_init__(self) -> None:
        if self.stan:
            self.last = self._result(Code.EXTENDED_PAYMENT, 100)

    def refuse(self, code: Code, amount_minor: int, text: str) -> PaymentResult:
        """Save a no, which has a number too."""
        self.stan += 1
        said = self._result(code, amount_minor)
        self.last = replace(said, result="01", text=text, time="", auth_code="", entry="")
        return self.last

    def charge(self, request: Request, amount_minor: int) -> PaymentResult:
        """Book what was asked, or refuse it."""
        kind = KINDS[request.code]
        if kind is AttemptKind.REVERSAL:
            return self._reverse(request)
        if kind is AttemptKind.CAPTURE and not self._close(request.reservation):
            return self.refuse(request.code, amount_minor, "CODICE ERRATO")
        self.stan += 1
        said = self._result(request.code, amount_minor)
        number = said.reservation or said.stan
        self.charges.append(Charge(kind, amount_minor, number, said.stan))
        self.last = said
        return said

    def close(self) -> int:
        """End the session; return what it comes to: what was paid, less what was undone."""
        session, self.closed = self.charges[self.closed :], len(self.charges)
        return sum(SIGNS[each.kind] * each.amount_minor for each in session)

    def _reverse(self, request: Request) -> PaymentResult:
        """Undo the last payment, and only if it is the one that was named."""
        paid = [each for each in self.charges if each.kind is not AttemptKind.REVERSAL]
        last = paid[-1] if paid else None
        named = last is not None and request.stan in {NO_STAN, last.trace_no}
        if last is None or last.reversed or not named:
            return self.refuse(request.code, 0, "STORNO IMPOSSIBILE")
        self.charges[self.charges.index(last)] = replace(last, reversed=True)
        self.stan += 1
        said = self._result(request.code, 0)
        self.charges.append(Charge(AttemptKind.REVERSAL, last.amount_minor, said.stan, said.stan))
        self.last = said
        return said

    def _close(self, reservation: str) -> bool:
        """Book a reservation that is open."""
        for at, each in enumerate(self.charges):
            if (each.kind, each.receipt_no) == (AttemptKind.PREAUTH, reservation):
                self.charges[at] = replace(each, reversed=True)
                return not each.reversed
        return False

    def _result(self, code: Code, amount_minor: int) -> PaymentResult:
        names = code in {Code.EXTENDED_PAYMENT, Code.PRE_AUTHORISATION}
        reserves = code is Code.PRE_AUTHORISATION
        return PaymentResult(
            ANSWERS.get(code, "E"),
            self.terminal_id,
            OK,
            f"{self.stan % 1_000_000:06}",
            amount_minor if names else None,
            f"{self.now():%j%H%M}",
            auth_code=f"A{self.stan % 100_000:05}",
            pan_last4=LAST4,
            entry="CLI",
            card_type="2",
            acquirer="00000000001",
            action="000",
            reservation=f"{self.stan % 1_000_000:09}" if reserves else "",
        )
