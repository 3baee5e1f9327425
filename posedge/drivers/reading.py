"""From a scanner's text to the event: what all scanner drivers do alike.

A stripe reader that types, or sends lines, looks like a scanner: what may be a card is looked for
in all that comes, before it goes anywhere.
"""

import asyncio

from posedge.drivers.interface import Site
from posedge.drivers.swiping import publish_swipe
from posedge.model.events import ScanDiscarded, Scanned
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.wire.cards import refusal
from posedge.wire.embedded import read_embedded
from posedge.wire.gs1 import read_code
from posedge.wire.gtin import publication
from posedge.wire.scan import Dropped, Scan
from posedge.wire.tracks import Refused, Swipe, typed_swipe

OLDEST_NS = 60 * NS_PER_S
"""A kernel stamp further back than this, or ahead, is of another clock."""


async def publish(site: Site[object], scan: Scan | Dropped) -> None:
    """Publish what was scanned or swiped, or that it was lost or is a payment card.

    GS1 is read in a thread: the first code loads tables for 140 ms.
    """
    if isinstance(scan, Scan) and (swipe := _swiped(scan.text)) is not None:
        await publish_swipe(site, swipe)
        return
    if isinstance(scan, Dropped):
        at = site.clock.now()
        event = ScanDiscarded(at=at, device=site.device, code=scan.code, message=scan.message)
        await site.bus.publish(event)
        return
    code = await asyncio.to_thread(read_code, scan.text)
    await site.bus.publish(
        Scanned(
            at=_moment(site.clock.now(), scan.at_ns),
            device=site.device,
            text=code.text,
            symbology=code.symbology,
            gtin=code.gtin,
            elements=code.elements,
            publication=publication(code.gtin) if code.gtin else None,
            embedded=read_embedded(code, site.codes),
        )
    )


def _swiped(text: str) -> Swipe | Refused | None:
    """Return what a stripe reader typed, or the payment card that anything else is."""
    return typed_swipe(text) or refusal(text)


def _moment(now: Stamp, at_ns: int | None) -> Stamp:
    """Return the moment of the kernel's stamp; now where it has none that can be."""
    age_ns = 0 if at_ns is None else now.monotonic_ns - at_ns
    if not 0 < age_ns < OLDEST_NS:
        return now
    back = {"utc_ns": now.utc_ns - age_ns, "monotonic_ns": now.monotonic_ns - age_ns}
    return now.model_copy(update=back)
