"""A Caisse-AP terminal in the virtual shop."""

from posedge.demo.stand import Spot, static_device
from posedge.demo.stand_line import LineStand
from posedge.sim.caisse_ap import CaisseApSim, Outcome, Step

ANSWER_BYTES = 160

OPTIONS_MS = {"answer_ms": 4_000, "rest_ms": 20, "status_ms": 1_000}


class CaisseApStand(LineStand[CaisseApSim]):
    """A Stand. What its line loses only a person can find out: see demo.operator."""

    def __init__(self, spot: Spot) -> None:
        sim = CaisseApSim(customer_s=spot.customer_s)
        super().__init__(sim, says=ANSWER_BYTES, outcomes=Outcome, steps=Step)

    @property
    def table(self) -> str:
        return static_device("caisse-ap", f"tcp://127.0.0.1:{self._sim.port}", OPTIONS_MS)
