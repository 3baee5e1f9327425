"""What an 8217's answer means for the weight: never 0 for "moving", never a stale weight."""

from typing import assert_never

from posedge.model.capabilities import ScaleState, Weight
from posedge.wire.toledo import Flag, Frame, Garbled, Pounds, Reading, Status

NOT_READY = Weight(state=ScaleState.NOT_READY)
STABLE_STATES = frozenset({ScaleState.STABLE_WEIGHT, ScaleState.ZERO})


def judge(frame: Frame | None, before: Weight) -> Weight:
    """Say what the plate shows; `before` is what the answer right before this one meant.

    Some scales send a weight once, then a status without a single bit until it changes. That
    keeps the weight only in an unbroken row of answers: after silence, noise or motion the
    weight may have been sent and lost, so the scale is not ready until it sends one.
    """
    match frame:
        case Reading(weight_g=0, net=net):
            return Weight(state=ScaleState.ZERO, weight_g=0, net=net)
        case Reading(weight_g=weight_g, net=net):
            return Weight(state=ScaleState.STABLE_WEIGHT, weight_g=weight_g, net=net)
        case Status(flags=flags):
            return _by_status(flags, before)
        case Pounds() | Garbled() | None:
            return NOT_READY
        case _:
            assert_never(frame)


def _by_status(flags: Flag, before: Weight) -> Weight:
    for flag, state in (
        (Flag.OVER_CAPACITY, ScaleState.OVERWEIGHT),
        (Flag.UNDER_ZERO, ScaleState.UNDER_ZERO),
        (Flag.MOTION, ScaleState.UNSTABLE),
        (Flag.OUTSIDE_ZERO_RANGE, ScaleState.NOT_READY),
    ):
        if flag in flags:
            return Weight(state=state)
    if Flag.CENTRE_OF_ZERO in flags and Flag.NET not in flags:
        return Weight(state=ScaleState.ZERO, weight_g=0)
    unchanged = flags == (Flag.NET if before.net else Flag(0))
    return before if unchanged and before.state in STABLE_STATES else NOT_READY
