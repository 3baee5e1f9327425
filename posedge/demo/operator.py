"""The person whom the box calls when a terminal cannot say what became of a payment.

She reads the terminal's own journal, as its menu prints it, and tells the box what stands there.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from posedge.demo.till import Till
from posedge.model.errors import DeviceError
from posedge.model.payment import State
from posedge.sim.charge import Charge

LOOK_S = 0.3
PAGE = 100

log = structlog.get_logger()


class Operator:
    """`journal` is what the terminal has really charged; `till` hers (a technician)."""

    def __init__(
        self, till: Till, journal: Callable[[], Sequence[Charge]], *, look_s: float = LOOK_S
    ) -> None:
        self._till = till
        self._journal = journal
        self._look_s = look_s

    async def watch(self) -> None:
        """Settle what waits for a person, for ever."""
        while True:
            await asyncio.sleep(self._look_s)
            try:
                status = await self._till.get("/v1/status")
                if status["desk"]["needs_operator"]:
                    await self._settle()
            except DeviceError as error:
                log.info("operator.waits", reason=error.message)

    async def _settle(self) -> None:
        payments = await self._till.get(f"/v1/payments?limit={PAGE}")
        for payment in payments:
            if payment["state"] == State.NEEDS_OPERATOR:
                await self._resolve(payment, payments)

    async def _resolve(self, payment: dict[str, Any], payments: list[dict[str, Any]]) -> None:
        charge = self._charge_of(payment, payments)
        text = f"authorisation {charge.receipt_no}" if charge else "no such payment in it"
        word = {
            "approved": charge is not None,
            "who": "Grace",
            "why": "read in the terminal's journal",
            "evidence": text,
        }
        await self._till.post(f"/v1/payments/{payment['id']}/resolve", word)

    def _charge_of(self, payment: dict[str, Any], payments: list[dict[str, Any]]) -> Charge | None:
        """Return the terminal's last charge if it is this payment and no other's."""
        claimed = " ".join(map(_said_of, payments))
        last = next(iter(self._journal()[-1:]), None)
        if last is None or last.receipt_no in claimed:
            return None
        fits = (payment["kind"], payment["amount"]["minor"]) == (last.kind, last.amount_minor)
        return last if fits else None


def _said_of(payment: dict[str, Any]) -> str:
    """Return the authorisations that are known of a payment, by its terminal or by a person."""
    words = [str(each["text"]) for each in payment["evidence"]]
    known = str(payment["result"]["auth_code"]) if payment["result"] else ""
    return " ".join((known, *words))
