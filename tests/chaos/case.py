"""One case: a payment, what goes wrong in it, the day after, and what the books say then."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from posedge.model.errors import PosedgeError
from posedge.model.money import Money
from posedge.model.payment import MONEY_MOVED, Attempt, State
from posedge.payments.desk import Desk
from posedge.payments.order import Order
from posedge.sim.charge import Charge
from posedge.tasks import Crew
from tests.chaos.station import Cut, Station, Wire
from tests.chaos.world import Kill, Life, World

MINOR = 1250
ORDER = Order(id="p1", sale="s1", till="till-1", amount=Money(minor=MINOR, currency="EUR"))
LOOKS = 200


@dataclass(frozen=True, slots=True)
class Case:
    protocol: Wire
    fault: str
    breaks: Kill | Cut | None
    seed: int

    def __str__(self) -> str:
        return f"{self.protocol.name}: {self.fault}, {self.breaks or 'nothing breaks'}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is what the journal says in the end; `wrong` names the broken promises."""

    case: Case
    state: str
    wrong: tuple[str, ...]
    struck: bool


async def play(case: Case) -> Verdict:
    """Play `case` on the running loop."""
    async with case.protocol.station(case.seed) as station:
        world = World(
            station.driver, station.clock, station.cut_lines, settings=case.protocol.settings
        )
        station.spoil(case.fault)
        if isinstance(case.breaks, Cut):
            station.cut(case.breaks)
        kill = case.breaks if isinstance(case.breaks, Kill) else None
        async with world.box(kill) as (desk, life):
            await _pay(desk, life, case.protocol.patience_s)
            struck = not life.alive
        station.mend()
        async with world.box() as (desk, _):
            await _the_day_after(desk, case.protocol.patience_s)
        return _judge(case, world.attempts(), station, struck=struck)


async def _pay(desk: Desk, life: Life, patience_s: float) -> None:
    """Pay as a till does, until the box dies, the payment is over or nobody waits any more."""

    async def ask() -> None:
        await life.online.wait()
        with suppress(PosedgeError):  # the journal tells what became of it
            await desk.pay(ORDER)

    async with Crew("till") as till:
        paying = till.start(ask(), name="pay")
        dying = till.start(life.died.wait(), name="death")
        await asyncio.wait((paying, dying), timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)


async def _the_day_after(desk: Desk, patience_s: float) -> None:
    """Wait until the box knows, or until it has called a person and knows no more."""
    for _ in range(LOOKS):
        attempt = await desk.find(ORDER.id)
        if attempt is None or attempt.settled:
            return
        if attempt.state is State.PARTIAL:
            await desk.decide(ORDER.id, keep=True, who="till-1")
            return
        await asyncio.sleep(patience_s / LOOKS)


def _judge(case: Case, attempts: Sequence[Attempt], station: Station, *, struck: bool) -> Verdict:
    kept = [charge for charge in station.ledger if not charge.reversed]
    attempt = attempts[0] if attempts else None
    state = attempt.state.value if attempt else "never accepted"
    wrong = (
        *(["doubled"] if len(kept) > 1 else []),
        *(["lost"] if _lost(attempt, kept) else []),
        *(["guessed"] if _guessed(attempt, kept) else []),
        *(["two attempts"] if len(attempts) > 1 else []),
    )
    return Verdict(case, state, wrong, struck)


def _lost(attempt: Attempt | None, kept: Sequence[Charge]) -> bool:
    """Money moved, and the journal never heard of it or says that none did."""
    unknown = attempt is None or (attempt.settled and attempt.state not in MONEY_MOVED)
    return bool(kept) and unknown


def _guessed(attempt: Attempt | None, kept: Sequence[Charge]) -> bool:
    """The journal is sure of money that did not move, or not so."""
    if attempt is None or attempt.state not in MONEY_MOVED:
        return False
    return attempt.moved.minor != sum(charge.amount_minor for charge in kept)
