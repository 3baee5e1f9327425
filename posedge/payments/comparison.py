"""What a terminal says of its day against what the journal holds of it. Pure.

Totals are compared by scheme, a provider's list payment by payment. Amounts are facts; counts are
held to what they can be, since some terminals count what was given back and some do not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.reconciliation import (
    Difference,
    DifferenceKind,
    EndOfDay,
    Listed,
    SchemeTotal,
)
from posedge.model.stamp import Stamp

NAMED = 500
"""Payments that one difference names: with more, an entry of the journal would be too long."""

TOLD = 100
"""Differences told one by one; where there are more, the clocks or the terminal are wrong."""

COUNTS = 256
"""ZVT counts in one byte, and starts again (BMP 60, §2.16.1)."""

BACK = frozenset({AttemptKind.REFUND, AttemptKind.REVERSAL})

OTHER = "other"
SCHEMES: Mapping[str, tuple[str, ...]] = {
    "girocard": ("girocard", "electronic cash", "ec-card", "ec karte"),
    "mastercard": ("mastercard", "eurocard", "maestro"),
    "visa": ("visa", "v pay", "vpay"),
    "amex": ("amex", "american express"),
    "diners": ("diners", "discover"),
    "jcb": ("jcb",),
}
"""Names under which terminals, receipts and providers know the schemes that totals tell apart."""

CODES: Mapping[str, str] = {"mc": "mastercard"}
"""Adyen's codes that only count whole: `bcmc` is Bancontact."""

Bucket = tuple[str, str]
"""Scheme and currency."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A payment of the journal that moved money; `keys` are what the other side may call it."""

    id: str
    kind: AttemptKind
    amount: Money
    scheme: str
    keys: frozenset[str]
    created: Stamp
    receipt_no: str = ""

    @property
    def net(self) -> Money:
        return -self.amount if self.kind in BACK else self.amount

    @property
    def bucket(self) -> Bucket:
        return scheme_of(self.scheme), self.amount.currency


ALL = ""
"""The scheme of a total that tells no schemes apart."""


def scheme_of(name: str) -> str:
    """Return the one word under which `name` is compared; what nobody tells apart is `other`."""
    low = CODES.get(name.casefold(), name.casefold())
    return next((word for word, names in SCHEMES.items() if any(n in low for n in names)), OTHER)


def totals_of(booked: Iterable[Booked]) -> tuple[SchemeTotal, ...]:
    """Add the journal's payments up by scheme, in the order of their names."""
    found: defaultdict[Bucket, list[Money]] = defaultdict(list)
    for each in booked:
        found[each.bucket].append(each.net)
    return tuple(
        SchemeTotal(scheme=scheme, count=len(nets), amount=_sum(nets, currency))
        for (scheme, currency), nets in sorted(found.items())
    )


def compare(day: EndOfDay, booked: Sequence[Booked]) -> tuple[Difference, ...]:
    """Return what does not agree, at most TOLD of it and then one that says how much more."""
    found: list[Difference] = []
    if day.listed is not None:
        found += _by_list(day, day.listed, booked)
    if day.totals is not None:
        found += _by_totals(day, day.totals, booked)
        found += _by_host(day.totals, day.host_totals, booked)
    return tuple(found) if len(found) <= TOLD else (*found[:TOLD], _rest(found[TOLD:]))


def _rest(left: Sequence[Difference]) -> Difference:
    payments = tuple(dict.fromkeys(each for one in left for each in one.payments))
    text = f"{len(left)} more differences: compare the lists of the whole day"
    return Difference(kind=left[0].kind, text=text, payments=payments[:NAMED])


def _by_totals(
    day: EndOfDay, totals: Iterable[SchemeTotal], booked: Sequence[Booked]
) -> list[Difference]:
    """Compare scheme by scheme; only the sum in a currency of which no more is told."""
    told = tuple(totals)
    whole = frozenset(each.amount.currency for each in told if each.scheme == ALL)
    said = _gathered(told, whole)
    ours: defaultdict[Bucket, list[Booked]] = defaultdict(list)
    for each in booked:
        ours[_place(each.bucket, whole)].append(each)
    wrong = [
        bucket
        for bucket in sorted({*said, *ours})
        if not _agrees(said.get(bucket, _nothing(bucket)), ours[bucket])
    ]
    if not wrong:
        return []
    if _sums_agree(said, booked):
        names = ", ".join(f"{scheme} {currency}" for scheme, currency in wrong)
        concerned = [each for bucket in wrong for each in ours[bucket]]
        text = f"the sum agrees, the schemes do not: {names}"
        return [_told(DifferenceKind.SCHEMES, text, concerned)]
    return [
        _told(
            DifferenceKind.TOTAL,
            _words(said.get(bucket, _nothing(bucket)), ours[bucket]) + _outside(day, ours[bucket]),
            ours[bucket],
        )
        for bucket in wrong
    ]


def _place(bucket: Bucket, whole: frozenset[str]) -> Bucket:
    scheme, currency = bucket
    return (ALL if currency in whole else scheme), currency


def _by_host(
    totals: Sequence[SchemeTotal], host: Sequence[SchemeTotal] | None, booked: Sequence[Booked]
) -> Iterator[Difference]:
    """Tell where the terminal and its host differ, whichever the journal agrees with."""
    if host is not None and host != totals:
        own, theirs = (", ".join(str(each.amount) for each in side) for side in (totals, host))
        yield _told(DifferenceKind.HOST, f"the terminal says {own}, its host {theirs}", booked)


def _gathered(totals: Iterable[SchemeTotal], whole: frozenset[str]) -> dict[Bucket, SchemeTotal]:
    """Add up what goes by several names; what comes to nothing says nothing."""
    found: dict[Bucket, SchemeTotal] = {}
    for each in totals:
        bucket = _place((scheme_of(each.scheme), each.amount.currency), whole)
        before = found.get(bucket, _nothing(bucket))
        counts = before.count, each.count
        found[bucket] = SchemeTotal(
            scheme=bucket[0],
            count=None if None in counts else sum(count or 0 for count in counts),
            amount=before.amount + each.amount,
        )
    return found


def _agrees(said: SchemeTotal, ours: Sequence[Booked]) -> bool:
    net = _sum([each.net for each in ours], said.amount.currency)
    return said.amount == net and _counted(said.count, ours)


def _counted(count: int | None, ours: Sequence[Booked]) -> bool:
    return count is None or count % COUNTS in _counts(ours)


def _counts(ours: Sequence[Booked]) -> frozenset[int]:
    """Return what a terminal may count: it, its payment, both or neither of what was undone."""
    back = sum(each.kind in BACK for each in ours)
    fewest = max(0, len(ours) - 2 * back)
    return frozenset(count % COUNTS for count in range(fewest, len(ours) + 1))


def _sums_agree(said: Mapping[Bucket, SchemeTotal], booked: Sequence[Booked]) -> bool:
    net: Counter[str] = Counter()
    for total in said.values():
        net[total.amount.currency] += total.amount.minor
    for each in booked:
        net[each.amount.currency] -= each.net.minor
    counts = [total.count for total in said.values()]
    counted = None if None in counts else sum(count or 0 for count in counts)
    return not any(net.values()) and _counted(counted, booked)


def _words(said: SchemeTotal, ours: Sequence[Booked]) -> str:
    net = _sum([each.net for each in ours], said.amount.currency)
    count = "" if said.count is None else f" in {said.count}"
    return (
        f"{said.scheme or 'all schemes'}: the terminal says {said.amount}{count},"
        f" the journal {net} in {len(ours)}"
    )


def _outside(day: EndOfDay, ours: Sequence[Booked]) -> str:
    """Name the receipts that are not of the terminal's day, where its numbers run on."""
    first, last = day.receipts or ("", "")
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        return ""
    numbers = [each.receipt_no for each in ours if each.receipt_no.isdecimal()]
    strange = [each for each in numbers if not int(first) <= int(each) <= int(last)]
    return f"; its day has no receipt {', '.join(strange[:10])}" if strange else ""


def _by_list(
    day: EndOfDay, listed: Sequence[Listed], booked: Sequence[Booked]
) -> Iterator[Difference]:
    by_key = {key: each for each in booked for key in each.keys}
    seen: set[str] = set()
    for each in listed:
        ours = by_key.get(each.reference)
        if ours is None:
            text = f"the provider lists {_line(each)}, and the journal does not know of it"
            yield _told(DifferenceKind.MISSING_IN_JOURNAL, text, ())
        elif ours.id in seen:
            text = f"the provider lists {_line(each)} more than once"
            yield _told(DifferenceKind.TWICE, text, (ours,))
        elif (-each.amount if each.kind in BACK else each.amount) != ours.net:
            text = f"the provider lists {_line(each)}, the journal {ours.kind.value} {ours.amount}"
            yield _told(DifferenceKind.AMOUNT, text, (ours,))
        if ours is not None:
            seen.add(ours.id)
    for ours in booked:
        if ours.id not in seen:
            where = (
                "is not on the provider's list" if day.complete else "is not known to its provider"
            )
            text = f"{ours.kind.value} {ours.amount} {where}"
            yield _told(DifferenceKind.MISSING_AT_TERMINAL, text, (ours,))


def _line(listed: Listed) -> str:
    when = f" of {listed.at}" if listed.at else ""
    return f"{listed.kind.value} {listed.amount}{when} ({listed.reference})"


def _told(kind: DifferenceKind, text: str, concerned: Sequence[Booked]) -> Difference:
    more = len(concerned) - NAMED
    note = f"; and {more} more payments" if more > 0 else ""
    return Difference(
        kind=kind, text=text + note, payments=tuple(each.id for each in concerned[:NAMED])
    )


def _nothing(bucket: Bucket) -> SchemeTotal:
    scheme, currency = bucket
    return SchemeTotal(scheme=scheme, count=0, amount=Money(minor=0, currency=currency))


def _sum(nets: Iterable[Money], currency: str) -> Money:
    return Money(minor=sum(each.minor for each in nets), currency=currency)
