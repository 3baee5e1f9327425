"""The cases of a seed, played, and the table of what came of them."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice

import structlog

from tests.chaos.adyen import ADYEN
from tests.chaos.caisse_ap import CAISSE_AP
from tests.chaos.case import Case, Verdict, play
from tests.chaos.clouds import SQUARE, STRIPE, SUMUP
from tests.chaos.ecr17 import ECR17, ECR17_SERIAL
from tests.chaos.station import Cut, Wire
from tests.chaos.vendor import VENDOR
from tests.chaos.world import Kill
from tests.chaos.zvt import ZVT, ZVT_SERIAL
from tests.doubles.simloop import simulate

BY_LINE = (ZVT, ZVT_SERIAL, ECR17, ECR17_SERIAL, CAISSE_AP)
BY_REQUEST = (ADYEN, STRIPE, SQUARE, SUMUP)
BY_PIPE = (VENDOR,)
PROTOCOLS: tuple[Wire, ...] = (*BY_LINE, *BY_REQUEST, *BY_PIPE)

COMMITS = 8
"""A payment has some six commits, more with receipts: kills around each of them."""

SIDE_BY_SIDE = 40
"""Cases in real time at once."""

PROMISES = ("lost", "doubled", "guessed", "two attempts")


def cases(protocol: Wire, count: int, seed: int) -> list[Case]:
    """Return every fault with every kill, then the unspoilt payment cut byte by byte; `count`.

    What is left over after that is drawn: a fault and a break at random.
    """
    chance = random.Random(f"{protocol.name} {seed}")
    kills: list[Kill | None] = [None]
    kills += [Kill(commit, moment) for commit in range(COMMITS) for moment in ("before", "after")]
    matrix = [Case(protocol, fault, kill, seed) for fault in protocol.faults for kill in kills]
    cuts = [Cut(way, at) for way in protocol.bytes for at in range(protocol.bytes[way])]
    bytewise = [Case(protocol, "none", cut, seed) for cut in cuts]
    chance.shuffle(bytewise)
    drawn = (
        Case(protocol, chance.choice(protocol.faults), chance.choice([*kills, *cuts]), seed + at)
        for at in range(count)
    )
    share = max(count - len(matrix), count // 3)
    chosen = [*_some(matrix, count - share, chance), *bytewise[:share]]
    return [*chosen, *drawn][:count]


def _some(matrix: Sequence[Case], count: int, chance: random.Random) -> list[Case]:
    return list(matrix) if count >= len(matrix) else chance.sample(list(matrix), count)


def run(chosen: Iterable[Case]) -> Iterator[Verdict]:
    """Play the cases: those of virtual time one by one, the others side by side."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    real: list[Case] = []
    for case in chosen:
        if case.protocol.virtual:
            yield simulate(play(case), seed=case.seed)
        else:
            real.append(case)
    yield from asyncio.run(_beside(real))


async def _beside(real: Sequence[Case]) -> list[Verdict]:
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(case: Case) -> Verdict:
        async with places:
            return await play(case)

    return list(await asyncio.gather(*map(one, real)))


def spread(protocols: Sequence[Wire], count: int) -> dict[str, int]:
    """Share the cases out evenly."""
    return dict(Counter(each.name for each in islice(cycle(protocols), count)))


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a Markdown table: a row for each fault of each protocol, and the sum."""
    yield (
        "| protocol | fault | cases | moved | not moved | in doubt | " + " | ".join(PROMISES) + " |"
    )
    yield "|---|---|---:|---:|---:|---:|" + "---:|" * len(PROMISES)
    rows: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        case = verdict.case
        rows.setdefault((case.protocol.name, case.fault), []).append(verdict)
    for (protocol, fault), each in rows.items():
        yield _row(protocol, fault, each)
    yield _row("all", "", verdicts)


MOVED = frozenset({"approved", "partial", "partial_kept", "partial_unwanted"})
DOUBT = frozenset({"in_doubt", "in_doubt_after_approval", "needs_operator"})


def _row(protocol: str, fault: str, verdicts: Sequence[Verdict]) -> str:
    moved = sum(each.state in MOVED for each in verdicts)
    doubt = sum(each.state in DOUBT for each in verdicts)
    broken = [sum(promise in each.wrong for each in verdicts) for promise in PROMISES]
    figures = (len(verdicts), moved, len(verdicts) - moved - doubt, doubt, *broken)
    return f"| {protocol} | {fault} | " + " | ".join(map(str, figures)) + " |"
