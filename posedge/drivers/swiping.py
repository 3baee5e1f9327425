"""From a magnetic stripe to the event: what all stripe readers do alike."""

from posedge.drivers.interface import Site
from posedge.model.events import Swiped, SwipeRejected
from posedge.wire.tracks import Refused, Swipe


async def publish_swipe(site: Site[object], swipe: Swipe | Refused) -> None:
    """Publish a card's tracks, or that one was refused."""
    at = site.clock.now()
    if isinstance(swipe, Refused):
        await site.bus.publish(
            SwipeRejected(
                at=at,
                device=site.device,
                code=swipe.code,
                message=swipe.message,
                brand=swipe.brand,
                last_four=swipe.last_four,
            )
        )
        return
    first, second, third = swipe.tracks
    event = Swiped(at=at, device=site.device, track_1=first, track_2=second, track_3=third)
    await site.bus.publish(event)
