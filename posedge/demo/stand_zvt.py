"""ZVT terminals in the virtual shop, over TCP and on a serial line."""

from posedge.demo.stand import Spot, static_device
from posedge.demo.stand_line import LineStand
from posedge.sim.alone import local_time
from posedge.sim.pty import Pty
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew
from posedge.wire.zvt.transport import Timing

PAYMENT_BYTES = 400

OPTIONS_MS = {
    "t2_ms": 500,
    "t3_ms": 2_000,
    "t4_ms": 4_000,
    "answer_ms": 4_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class ZvtStand(LineStand[ZvtTerminalSim]):
    """A Stand; over TCP."""

    def __init__(self, spot: Spot) -> None:
        sim = ZvtTerminalSim(now=local_time, customer_s=spot.customer_s)
        super().__init__(sim, says=PAYMENT_BYTES, outcomes=Outcome, steps=Step)
        self._spot = spot

    @property
    def table(self) -> str:
        return static_device("zvt", self._address, OPTIONS_MS)

    @property
    def _address(self) -> str:
        return f"tcp://127.0.0.1:{self._sim.port}"


class ZvtSerialStand(ZvtStand):
    """A Stand; on a serial line."""

    async def _switch_on(self) -> None:
        self._cable = Pty(self._spot.folder / "terminal")
        self._stack.callback(self._cable.unplug)
        crew = await self._stack.enter_async_context(Crew("terminal"))
        timing = Timing(t2_s=OPTIONS_MS["t2_ms"] / 1000)
        crew.start(attend(self._sim, self._cable, timing), name="terminal")

    @property
    def _address(self) -> str:
        return f"serial://{self._cable.path}"
