from typing import get_args

import pytest

from posedge.model.capabilities import DeviceState, Kind, Paper, PrintEvidence, ScaleState
from posedge.model.drawer import OpenedBy
from posedge.model.events import (
    EVENT,
    DeviceChanged,
    DrawerAccount,
    DrawerChanged,
    Element,
    Embedded,
    Envelope,
    Event,
    Gap,
    PaymentChanged,
    PaymentProgress,
    PrintChanged,
    PrinterChanged,
    ReceiptChanged,
    RelayChanged,
    SaleChanged,
    ScanDiscarded,
    Scanned,
    Swiped,
    SwipeRejected,
    Tapped,
    Weighed,
)
from posedge.model.money import Money
from posedge.model.payment import AttemptKind, Cause, State
from posedge.model.printing import PrintState
from posedge.model.stamp import Stamp

AT = Stamp(utc_ns=1, monotonic_ns=2, boot_id="a", trusted=True)
EUROS = Money(minor=1, currency="EUR")

EVENTS: tuple[Event, ...] = (
    Scanned(
        at=AT,
        device="d",
        text="01",
        elements=(Element(ai="10", value="LOT7"),),
        embedded=Embedded(item="1", rule="se:20", price=EUROS),
    ),
    ScanDiscarded(at=AT, device="d", code="scan.lost", message="scan again"),
    Swiped(at=AT, device="d", track_2="70012345"),
    SwipeRejected(at=AT, device="d", code="card.refused", message="no", brand="Visa"),
    Tapped(at=AT, device="d", uid="04A1B2C3", atr="3B80800101"),
    Weighed(at=AT, device="d", state=ScaleState.STABLE_WEIGHT, weight_g=5),
    PrinterChanged(at=AT, device="d", online=True, cover_open=False, paper=Paper.OK),
    DrawerChanged(at=AT, device="d", open=True),
    DrawerAccount(at=AT, drawer="d", what="opened", by=OpenedBy.KEY),
    PrintChanged(at=AT, job="j", printer="d", state=PrintState.DONE, evidence=PrintEvidence.ETB),
    DeviceChanged(at=AT, device="d", name="n", kind=Kind.SCALE, state=DeviceState.ONLINE),
    PaymentChanged(
        at=AT,
        payment="p",
        sale="s",
        terminal="t",
        kind=AttemptKind.SALE,
        amount=EUROS,
        state=State.APPROVED,
        cause=Cause.ACKNOWLEDGED,
    ),
    PaymentProgress(at=AT, payment="p", status="04", text="Insert card"),
    SaleChanged(at=AT, sale="s", state="completed"),
    ReceiptChanged(at=AT, sale="s", state="waiting", reason="out of paper"),
    RelayChanged(at=AT, online=False, reason="no route"),
)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_survives_json(event: Event) -> None:
    assert EVENT.validate_json(EVENT.dump_json(event)) == event
    envelope = Envelope(sequence=7, event=event)
    assert Envelope.model_validate_json(envelope.model_dump_json()) == envelope


def test_every_kind_of_event_is_tested_and_has_its_word() -> None:
    union = get_args(get_args(Event)[0])
    assert {type(event) for event in EVENTS} == set(union)
    words = {"DataEvent", "ErrorEvent", "StatusUpdateEvent", "OutputCompleteEvent"}
    assert {event.word for event in EVENTS} <= words
    assert len({event.type for event in EVENTS}) == len(EVENTS)


def test_a_gap_says_what_is_missing() -> None:
    assert Gap(first=3, last=9).model_dump() == {"first": 3, "last": 9}
