import pytest

from posedge.model.capabilities import ScaleState, Weight
from posedge.wire.scales.frames import (
    Done,
    Frame,
    Garbled,
    Refused,
    Sample,
    Trouble,
    Unchanged,
)
from posedge.wire.scales.judge import NOT_READY, STABLE_STATES, judge
from posedge.wire.scales.mass import Mass, Unit

APPLES = Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1234, shown="1.234 kg")
NET = Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1000, net=True, shown="1.000 kg")
EMPTY = Weight(state=ScaleState.ZERO, weight_g=0)
MOVING = Weight(state=ScaleState.UNSTABLE)


def kilograms(grams: int) -> Mass:
    return Mass(grams, 3, Unit.KG)


@pytest.mark.parametrize(
    ("frame", "weight"),
    [
        (Sample(ScaleState.STABLE_WEIGHT, kilograms(1234)), APPLES),
        (Sample(ScaleState.STABLE_WEIGHT, kilograms(1000), net=True), NET),
        (Sample(ScaleState.ZERO), EMPTY),
        (
            Sample(ScaleState.ZERO, kilograms(0), net=True),
            Weight(state=ScaleState.ZERO, weight_g=0, net=True, shown="0.000 kg"),
        ),
        (
            Sample(
                ScaleState.STABLE_WEIGHT, Mass(276, 2, Unit.LB), unit_price="1.99", total="5.49"
            ),
            Weight(
                state=ScaleState.STABLE_WEIGHT,
                weight_g=1252,
                shown="2.76 lb",
                unit_price="1.99",
                total="5.49",
            ),
        ),
        *((Sample(state), Weight(state=state)) for state in set(ScaleState) - STABLE_STATES),
        (Unchanged(), NOT_READY),
        (Trouble("x"), NOT_READY),
        (Refused("x"), NOT_READY),
        (Done(), NOT_READY),
        (Garbled(b"x"), NOT_READY),
        (None, NOT_READY),
    ],
)
def test_each_answer_after_none(frame: Frame | None, weight: Weight) -> None:
    assert judge(frame, NOT_READY) == weight


def test_a_scale_that_sends_each_weight_once_keeps_it_until_it_changes() -> None:
    assert judge(Unchanged(), APPLES) == APPLES
    assert judge(Unchanged(), EMPTY) == EMPTY
    assert judge(Unchanged(net=True), NET) == NET


def test_unchanged_is_not_believed_when_the_tare_changed_meanwhile() -> None:
    assert judge(Unchanged(), NET) == NOT_READY
    assert judge(Unchanged(net=True), APPLES) == NOT_READY


@pytest.mark.parametrize("gap", [None, Garbled(b""), Sample(ScaleState.UNSTABLE), Trouble("x")])
def test_unchanged_is_not_believed_behind_anything_but_a_weight(gap: Frame | None) -> None:
    assert judge(Unchanged(), judge(gap, APPLES)) == NOT_READY
    assert judge(Unchanged(), MOVING) == NOT_READY
