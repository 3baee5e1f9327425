"""What waits for a person at the boxes, in whatever order its entries arrive."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from posedge.hq.inbound import item
from posedge.hq.ledger import Ledger
from posedge.hq.queries import MatterView, Queries
from posedge.model.entry import Draft, Entry, seal
from posedge.model.stamp import Stamp
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
STREAM = "9f3c1a7be0425d18"
AT = Stamp(utc_ns=1_795_424_000_000_000_000, monotonic_ns=1, boot_id="b", trusted=True)
EUROS = {"minor": 1250, "currency": "EUR"}


def chain(*told: tuple[str, str, dict[str, Any]]) -> list[Entry]:
    entries: list[Entry] = []
    for number, (kind, subject, data) in enumerate(told, start=1):
        draft = Draft(f"id-{number}", kind, subject, AT, data)
        prevhash = entries[-1].hash if entries else STREAM
        entries.append(
            seal(draft, stream=STREAM, source=BOX.source, sequence=number, prevhash=prevhash)
        )
    return entries


def seen(folder: Path, entries: Sequence[Entry]) -> tuple[MatterView, ...]:
    """Commit each entry on its own, as it comes."""
    ledger = Ledger(f"sqlite:///{folder}/hq.db")
    for entry in entries:
        message = Message(BOX.event(entry.noun), entry.body)
        ledger.commit([item(message)], received="2026-11-23T09:00:00.000Z")
    found = Queries(ledger).matters()
    ledger.close()
    return found


CASE = ("case.opened", "case/c-1", {"open": True, "kind": "give_back", "terminal": "front", "text": "6.25 EUR must go back"})  # fmt: skip # noqa: E501
ENDED = ("case.resolved", "case/c-1", {**CASE[2], "open": False})
DOUBT = ("payment.changed", "payment/p-1", {"state": "needs_operator", "terminal": "front", "amount": EUROS})  # fmt: skip # noqa: E501
SETTLED = ("payment.changed", "payment/p-1", {**DOUBT[2], "state": "operator_approved"})


def test_cases_and_payments_that_wait(tmp_path: Path) -> None:
    odd = ("payment.changed", "payment/p-2", {"state": "needs_operator", "amount": "12"})
    case, doubt, strange = seen(tmp_path, chain(CASE, DOUBT, odd))
    assert (case.subject, case.kind, case.terminal) == ("case/c-1", "give_back", "front")
    assert case.text == "6.25 EUR must go back"
    assert (doubt.subject, doubt.kind) == ("payment/p-1", "needs_operator")
    assert "12.50 EUR moved" in doubt.text
    assert "whether the money moved" in strange.text


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_what_has_ended_waits_no_more_in_any_order(tmp_path: Path, order: Sequence[int]) -> None:
    entries = chain(CASE, DOUBT, ENDED, SETTLED)
    assert seen(tmp_path, [entries[at] for at in order]) == ()


def test_what_comes_from_a_foreign_box_opens_nothing(tmp_path: Path) -> None:
    (entry,) = chain(CASE)
    ledger = Ledger(f"sqlite:///{tmp_path}/hq.db")
    other = BoxTopics("acme", "s0042", "another")
    ledger.commit([item(Message(other.event("case"), entry.body))], received="now")
    assert Queries(ledger).matters() == ()
    ledger.close()
