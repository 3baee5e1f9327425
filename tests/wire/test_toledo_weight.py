from itertools import product

import pytest

from posedge.model.capabilities import ScaleState, Weight
from posedge.wire.toledo import Flag, Frame, Garbled, Pounds, Reading, Status
from posedge.wire.toledo_weight import NOT_READY, judge

APPLES = Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1234)
NET = Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1000, net=True)
EMPTY = Weight(state=ScaleState.ZERO, weight_g=0)
MOVING = Weight(state=ScaleState.UNSTABLE)
UNCHANGED = Status(Flag(0))


@pytest.mark.parametrize(
    ("frame", "weight"),
    [
        (Reading(1234, net=False), APPLES),
        (Reading(1000, net=True), NET),
        (Reading(0, net=False), EMPTY),
        (Reading(0, net=True), Weight(state=ScaleState.ZERO, weight_g=0, net=True)),
        (Status(Flag.MOTION), MOVING),
        (Status(Flag.BIT_6 | Flag.MOTION), MOVING),
        (Status(Flag.MOTION | Flag.CENTRE_OF_ZERO), MOVING),
        (Status(Flag.OVER_CAPACITY | Flag.MOTION), Weight(state=ScaleState.OVERWEIGHT)),
        (Status(Flag.UNDER_ZERO | Flag.MOTION), Weight(state=ScaleState.UNDER_ZERO)),
        (Status(Flag.OUTSIDE_ZERO_RANGE), NOT_READY),
        (Status(Flag.BIT_6 | Flag.CENTRE_OF_ZERO), EMPTY),
        (Status(Flag.CENTRE_OF_ZERO | Flag.NET), NOT_READY),
        (Status(Flag.BIT_6), NOT_READY),
        (UNCHANGED, NOT_READY),
        (Pounds(), NOT_READY),
        (Garbled(b"x"), NOT_READY),
        (None, NOT_READY),
    ],
)
def test_each_answer_after_none(frame: Frame | None, weight: Weight) -> None:
    assert judge(frame, NOT_READY) == weight


def test_a_scale_that_sends_each_weight_once_keeps_it_until_it_changes() -> None:
    assert judge(UNCHANGED, APPLES) == APPLES
    assert judge(UNCHANGED, EMPTY) == EMPTY
    assert judge(Status(Flag.NET), NET) == NET


def test_unchanged_is_not_believed_when_the_tare_changed_meanwhile() -> None:
    assert judge(UNCHANGED, NET) == NOT_READY
    assert judge(Status(Flag.NET), APPLES) == NOT_READY


@pytest.mark.parametrize("gap", [None, Garbled(b""), Status(Flag.MOTION), Status(Flag.BIT_6)])
def test_unchanged_is_not_believed_behind_anything_but_a_weight(gap: Frame | None) -> None:
    assert judge(UNCHANGED, judge(gap, APPLES)) == NOT_READY


def test_no_status_ever_bears_a_weight_but_zero_and_unchanged() -> None:
    for bits, before in product(range(128), (APPLES, NET, EMPTY, MOVING, NOT_READY)):
        weight = judge(Status(Flag(bits)), before)
        if weight.weight_g:
            assert (weight, bits & 0x1F) == (before, 0)
        if weight.state not in {ScaleState.STABLE_WEIGHT, ScaleState.ZERO}:
            assert weight.weight_g is None
