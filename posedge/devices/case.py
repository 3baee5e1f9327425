"""What the box knows of one device, for posedge.devices.explain."""

from dataclasses import dataclass

from posedge.devices.address import Pcsc, Tcp, Through
from posedge.devices.catalog import Model
from posedge.devices.inventory import Body
from posedge.devices.match import Match
from posedge.devices.settings import Assignment, StaticDevice
from posedge.devices.supervisor import Supervisor
from posedge.model.explanation import Undriven

MEND = "correct its options in the configuration and restart"


@dataclass(frozen=True, slots=True)
class Case:
    """What the box knows of one device: its nodes, the rows about it, the decision, its driver.

    A device of [[devices.static]] has no nodes: nobody looked for it.
    """

    body: Body | None
    model: Model | None
    rule: Assignment | StaticDevice | None
    decision: Match | Undriven | None
    supervisor: Supervisor | None

    @property
    def broken(self) -> bool:
        """Whether a driver was chosen, and does not take its options."""
        return isinstance(self.decision, Undriven) and self.decision.remedy == MEND

    @property
    def words(self) -> frozenset[str]:
        """What it may be called by."""
        known: set[str] = set()
        if self.body is not None:
            known |= {self.body.port, *self.files}
            known |= {self.body.usb.id} if self.body.usb else set()
        if isinstance(self.decision, Undriven):
            known |= {self.decision.id, self.decision.model}
        if self.supervisor is not None:
            plan = self.supervisor.plan
            known |= {plan.id, plan.name, plan.port}
        return frozenset(known)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(each.file for each in self.body.nodes if each.file) if self.body else ()

    @property
    def openable(self) -> tuple[str, ...]:
        """The files that are of any use to a driver."""
        if self.supervisor is None:
            return tuple(each for each in self.files if each.startswith("/"))
        address = self.supervisor.plan.address
        return () if isinstance(address, Tcp | Pcsc | Through) else (address.path,)

    @property
    def usb(self) -> str | None:
        return self.body.path if self.body and self.body.usb else None
