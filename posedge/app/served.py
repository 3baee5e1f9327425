"""What the HTTP edge is given of the box."""

import asyncio

from posedge.app.box import Box
from posedge.app.support import Support
from posedge.devices.explain import WhyNot
from posedge.web.services import Services


def served(box: Box) -> Services:
    """Return the services of a box that has started."""
    world, run = box.world, box.world.run("look")
    why = WhyNot(box.devices.cases, run)
    support = Support(
        box.settings,
        box.status,
        why,
        box.devices.tapes,
        box.journal,
        asyncio.get_running_loop().time,
        run,
    )
    return Services(
        bus=box.bus,
        journal=box.journal,
        checkout=box.checkout,
        copies=box.checkout.copies,
        desk=box.desk,
        cases=box.desk.cases,
        reconciliations=box.reconciliations,
        checks=box.checks,
        queue=box.queue,
        drawers=box.drawers,
        devices=box.devices,
        why=why,
        displays=box.checkout.displays,
        receipts_on=box.settings.checkout.printer,
        support=support.bundle,
        box_status=box.status,
        clock=world.clock,
        ids=world.ids,
        chance=world.chance,
    )
