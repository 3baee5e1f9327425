"""What the HTTP edge is given of the box.

What explains devices and packs bundles is loaded when somebody asks for it.
"""

import asyncio
from collections.abc import Sequence

from posedge.app.box import Box
from posedge.model.explanation import Explanation, Undriven
from posedge.tasks import Run
from posedge.web import services
from posedge.web.services import Services


class _WhyNot:
    """A posedge.devices.explain.WhyNot."""

    def __init__(self, box: Box, run: Run) -> None:
        self._box = box
        self._run = run

    async def unsupported(self) -> Sequence[Undriven]:
        return await self._made.unsupported()

    async def explain(self, name: str) -> Sequence[Explanation]:
        return await self._made.explain(name)

    @property
    def _made(self) -> services.WhyNot:
        from posedge.devices.explain import WhyNot  # noqa: PLC0415 - see the top

        return WhyNot(self._box.devices.cases, self._run)


def served(box: Box) -> Services:
    """Return the services of a box that has started."""
    world, run = box.world, box.world.run("look")
    why = _WhyNot(box, run)

    async def bundle() -> bytes:
        from posedge.app.support import Support  # noqa: PLC0415 - see the top

        now_s = asyncio.get_running_loop().time
        tapes, journal = box.devices.tapes, box.journal
        return await Support(box.settings, box.status, why, tapes, journal, now_s, run).bundle()

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
        support=bundle,
        box_status=box.status,
        clock=world.clock,
        ids=world.ids,
        chance=world.chance,
    )
