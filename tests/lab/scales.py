"""A scale on a USB serial port (CDC ACM)."""

from collections.abc import Callable

from posedge.model.capabilities import ScaleState
from posedge.model.events import Event, Weighed
from tests.lab.box import Box, told
from tests.lab.timing import MS, percentile, plugged, pulled


async def a_weight_is_told_when_it_rests() -> str:
    async with Box() as box:
        took = await plugged(box, "scale")
        took_ms: list[float] = []
        for weight_g in (1250, 0, 740, 15, 9995):
            mark = box.bus.last
            began_ns = box.clock.now().monotonic_ns
            await told("weigh", weight_g)
            event = await box.heard(_rests_at(weight_g), after=mark)
            took_ms.append((event.at.monotonic_ns - began_ns) / MS)
        mark = box.bus.last
        await told("weigh", 500, 0.5)
        await box.heard(_rests_at(500), after=mark)
        states = [each.state for each in box.since(mark) if isinstance(each, Weighed)]
        assert states == [ScaleState.UNSTABLE, ScaleState.STABLE_WEIGHT], states
        return f"{took}; weight to event p50 {percentile(took_ms, 0.5):.0f} ms, moving is no weight"


async def a_scale_unplugged_shows_no_weight() -> str:
    async with Box() as box:
        await plugged(box, "scale")
        mark = box.bus.last
        await told("weigh", 1250)
        await box.heard(_rests_at(1250), after=mark)
        mark = box.bus.last
        gone = await pulled(box, "scale")
        await box.heard(
            lambda each: isinstance(each, Weighed) and each.state is ScaleState.NOT_READY,
            after=mark,
        )
        await plugged(box, "scale")
        await box.heard(_rests_at(1250), after=mark)
        return f"{gone}, then NOT_READY; plugged again it weighs"


async def an_adapter_cable_is_left_alone() -> str:
    """What hangs behind it could be a drawer: not a byte goes out."""
    async with Box() as box:
        await told("plug", "scale")
        await told("plug", "adapter")
        await box.online("scale", after=0)
        undriven = [each for each in box.devices.undriven() if "STM" in each.model]
        assert [each.reason[:13] for each in undriven] == ["a serial port"], box.devices.undriven()
        return f"{undriven[0].model}: {undriven[0].reason}"


def _rests_at(weight_g: int) -> Callable[[Event], bool]:
    def wanted(event: Event) -> bool:
        return isinstance(event, Weighed) and event.weight_g == weight_g

    return wanted


SCENARIOS = (
    a_weight_is_told_when_it_rests,
    a_scale_unplugged_shows_no_weight,
    an_adapter_cable_is_left_alone,
)
