"""How each service of the box is, as one frozen value for page, API, MQTT and command line."""

from posedge.model.capabilities import DeviceStatus
from posedge.model.case import Case
from posedge.model.drawer import DrawerStatus
from posedge.model.explanation import Undriven
from posedge.model.payment import Attempt
from posedge.model.reconciliation import TerminalDay
from posedge.model.stamp import Stamp
from posedge.model.value import Value


class JournalStatus(Value):
    """`healthy` False: the disk failed, nothing is acknowledged any more; `reason` says what."""

    healthy: bool
    reason: str | None
    stream: str
    entries: int
    last_hash: str
    bytes: int


class RelayStatus(Value):
    """What headquarters itself has confirmed: `acked` of the journal's current stream.

    `behind` counts the entries of all its streams that are not confirmed.
    """

    configured: bool
    online: bool
    reason: str | None
    acked: int
    behind: int
    oldest_unsent: str | None
    since: str | None


class DeskStatus(Value):
    """`in_doubt` payments need recovery or an operator; `blocked` terminals wait for them.

    `undecided` partial approvals wait for their till, `cases` for a person.
    """

    in_doubt: int
    needs_operator: int
    undecided: int = 0
    cases: tuple[Case, ...] = ()
    blocked: tuple[str, ...]
    recent: tuple[Attempt, ...]


class EventLogStatus(Value):
    """`alarm`: events from before the last start are lost, and why."""

    first: int
    last: int
    alarm: str | None = None


class BoxStatus(Value):
    """Everything the technician's page shows."""

    version: str
    box: str
    store: str
    tenant: str
    started: Stamp
    now: Stamp
    journal: JournalStatus
    events: EventLogStatus
    relay: RelayStatus
    desk: DeskStatus
    devices: tuple[DeviceStatus, ...]
    undriven: tuple[Undriven, ...]
    days: tuple[TerminalDay, ...] = ()
    prints_waiting: int
    drawers: tuple[DrawerStatus, ...] = ()
