"""An ECR17 terminal in the virtual shop."""

from posedge.demo.stand import Spot, static_device
from posedge.demo.stand_line import LineStand
from posedge.sim.alone import local_time
from posedge.sim.ecr17 import Ecr17Sim
from posedge.sim.ecr17_faults import Outcome, Step

PAYMENT_BYTES = 500

OPTIONS_MS = {
    "ack_ms": 1_000,
    "answer_ms": 4_000,
    "read_ms": 2_000,
    "receipt_ms": 1_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class Ecr17Stand(LineStand[Ecr17Sim]):
    """A Stand; over TCP."""

    def __init__(self, spot: Spot) -> None:
        sim = Ecr17Sim(now=local_time, customer_s=spot.customer_s)
        super().__init__(sim, says=PAYMENT_BYTES, outcomes=Outcome, steps=Step)

    @property
    def table(self) -> str:
        return static_device("ecr17", f"tcp://127.0.0.1:{self._sim.port}", OPTIONS_MS)
