"""What a card terminal can be asked, and whom it tells. Interfaces are lists of guarantees."""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from posedge.model.payment import Attempt, TerminalResult
from posedge.model.value import Value


class Witness(Protocol):
    """The desk, as a terminal driver sees it. Everything told to it is durable on return."""

    async def accepted(self) -> None:
        """Record that the terminal took the command."""
        ...

    async def progress(self, status: str, text: str) -> None:
        """Record what the terminal shows now; proves nothing, need not be durable."""
        ...

    async def reference(self, reference: str) -> None:
        """Store the provider's key for this attempt: recovery asks by it. Before money moves."""
        ...

    async def patience(self, silence_s: int) -> None:
        """Store how long the terminal asked to be left alone: recovery waits for it too."""
        ...

    async def result(self, result: TerminalResult) -> None:
        """Store the result. Only when this returned may the terminal be answered yes."""
        ...

    async def printed(
        self, *, customer: bool, lines: tuple[str, ...], signature: bool = False
    ) -> None:
        """Store receipt text that the terminal prints through us, before it is answered.

        `signature`: it is to be signed, where no field of the result has said so before.
        """
        ...


class FindingKind(StrEnum):
    """UNTOLD: it has no way to tell and is at it no more: only a person can find out."""

    APPROVED = "approved"
    PARTIAL = "partial"
    NOT_COMPLETED = "not_completed"
    UNKNOWN = "unknown"
    UNTOLD = "untold"


class Finding(Value):
    """What recovery learnt of an attempt in doubt, with the words that go into the evidence."""

    kind: FindingKind
    text: str
    result: TerminalResult | None = None


class Ability(StrEnum):
    """What a terminal can do beyond a plain sale; what it cannot is refused before it is tried.

    PREAUTH: it reserves, and books what it reserved; RELEASE: it gives that up again.
    PARTIAL: it can be told that less would do. TIP and CASHBACK: it can be told of either as a
    part of the amount. ASKS_TIP: it can ask the customer for one.
    """

    REFUND = "refund"
    REVERSAL = "reversal"
    PREAUTH = "preauth"
    RELEASE = "release"
    PARTIAL = "partial"
    TIP = "tip"
    CASHBACK = "cashback"
    ASKS_TIP = "asks_tip"
    CANCEL = "cancel"


@runtime_checkable
class Terminal(Protocol):
    """A payment terminal. One command at a time; the desk holds the lock."""

    @property
    def able(self) -> frozenset[Ability]:
        """What it can do; may depend on its options."""
        ...

    async def preimage(self) -> str | None:
        """Return the terminal's last receipt number; a safe read, never moves money.

        NotStarted when the terminal cannot be reached or is not ready.
        """
        ...

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        """Carry out the attempt, by its kind.

        Returns when the terminal provably has our acknowledgement of the result that was stored.
        NotStarted: nothing was sent, or the terminal refused before it began.
        InDoubt: everything else, `terminal.unacknowledged` when a result had been stored.
        A witness that raises makes the driver answer the terminal no (the sale is not kept).
        """
        ...

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        """Ask the terminal what became of `attempt`, `waited_s` seconds after its last word.

        Safe reads only. DeviceError when it cannot be reached now; UNKNOWN when it answered and
        proves nothing. NOT_COMPLETED only on positive evidence.
        """
        ...

    async def cancel(self) -> None:
        """Request that the running command end. A request: an approval may still follow."""
        ...

    async def status(self) -> str:
        """Ask for the terminal's state, e.g. `ready`; DeviceError when it cannot be reached."""
        ...
