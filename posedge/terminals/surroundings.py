"""What a go-live check works with."""

from dataclasses import dataclass

from posedge.clock import Clock, Ids
from posedge.payments.desk import Desk
from posedge.payments.reconciliations import Reconciliations
from posedge.terminals.overview import Devices


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the check waits, in seconds.

    `pause_s`: for the person to read what to do. `begin_s`: for a terminal to have begun that says
    nothing before its result (one HTTP request). `doubt_s`: for a doubt to be cleared up; a ZVT
    terminal may be silent for 180 s before silence proves anything. `off_s` and `on_s`: for the
    terminal to be switched off, and on again: some take minutes to start.
    """

    pause_s: float = 4
    begin_s: float = 1
    doubt_s: float = 600
    off_s: float = 180
    on_s: float = 600


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check works with."""

    desk: Desk
    devices: Devices
    reconciliations: Reconciliations
    clock: Clock
    ids: Ids
    patience: Patience = Patience()
