"""What an answer means for the weight: never 0 for "moving", never a stale weight."""

from posedge.model.capabilities import ScaleState, Weight
from posedge.wire.scales.frames import Frame, Sample, Unchanged

NOT_READY = Weight(state=ScaleState.NOT_READY)
STABLE_STATES = frozenset({ScaleState.STABLE_WEIGHT, ScaleState.ZERO})


def judge(frame: Frame | None, before: Weight) -> Weight:
    """Say what the plate shows; `before` is what the answer right before this one meant.

    Some scales send a weight once, then only that nothing is new until it changes. That keeps the
    weight only in an unbroken row of answers: after silence, noise or motion the weight may have
    been sent and lost, so the scale is not ready until it sends one.
    """
    match frame:
        case Sample(state=state) if state in STABLE_STATES:
            return _weight(frame)
        case Sample(state=state):
            return Weight(state=state)
        case Unchanged(net=net) if before.state in STABLE_STATES and before.net == net:
            return before
        case _:
            return NOT_READY


def _weight(sample: Sample) -> Weight:
    mass = sample.mass
    return Weight(
        state=sample.state,
        weight_g=0 if mass is None else mass.grams,
        net=sample.net,
        shown=None if mass is None else str(mass),
        unit_price=sample.unit_price,
        total=sample.total,
    )
