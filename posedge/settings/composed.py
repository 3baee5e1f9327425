"""Everything that an operator may set, composed of the rooms' own settings."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from posedge.checkout.settings import CheckoutSettings, DisplaySettings
from posedge.devices.settings import DevicesSettings
from posedge.drawers.settings import DrawerSettings
from posedge.drivers.settings import CodesSettings
from posedge.model.topics import BoxTopics
from posedge.model.value import Value
from posedge.payments.settings import PaymentSettings
from posedge.printing.settings import PrintingSettings
from posedge.relay.settings import RelaySettings
from posedge.web.settings import WebSettings

MACHINE_ID = Path("/etc/machine-id")
Level = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]{1,32}$",
        description="lower-case letters, digits and hyphens, at most 32",
    ),
]
"""A level of an MQTT topic."""


def _own_name() -> str:
    """Return a name that stays: from the machine's id, hashed as machine-id(5) asks for."""
    known = MACHINE_ID.read_bytes() if MACHINE_ID.exists() else b""
    return f"box-{hashlib.sha256(b'posedge' + known.strip()).hexdigest()[:8]}"


class BoxIdentity(Value):
    """Who the box is. `name` is unique among all boxes and equals its certificate's CN."""

    tenant: Level = "shop"
    store: Level = "store-1"
    name: Level = Field(default_factory=_own_name)


class EventLogSettings(Value):
    """How much of the event stream is held for listeners that were away."""

    keep_count: Annotated[int, Field(ge=1000, le=1_000_000)] = 10_000
    keep_days: Annotated[int, Field(ge=1, le=90)] = 7


class LogSettings(Value):
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(Value):
    """In the order of config/posedge.toml."""

    state_dir: Path = Path("/var/lib/posedge")
    box: BoxIdentity = BoxIdentity()
    web: WebSettings = WebSettings()
    relay: RelaySettings = RelaySettings()
    devices: DevicesSettings = DevicesSettings()
    codes: CodesSettings = CodesSettings()
    payments: PaymentSettings = PaymentSettings()
    checkout: CheckoutSettings = CheckoutSettings()
    display: DisplaySettings = DisplaySettings()
    printing: PrintingSettings = PrintingSettings()
    drawers: DrawerSettings = DrawerSettings()
    events: EventLogSettings = EventLogSettings()
    log: LogSettings = LogSettings()

    @property
    def journal_path(self) -> Path:
        return self.state_dir / "journal.db"

    @property
    def events_path(self) -> Path:
        return self.state_dir / "events.db"

    @property
    def prints_path(self) -> Path:
        return self.state_dir / "prints.db"

    @property
    def checks_path(self) -> Path:
        """Where the reports of go-live checks are kept."""
        return self.state_dir / "checks"

    @property
    def page(self) -> str:
        """Where the box's page is found from the box itself."""
        scheme = "https" if self.web.secure else "http"
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only compared
        host = everywhere.get(self.web.host, self.web.host)
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.web.port}"

    @property
    def topics(self) -> BoxTopics:
        return BoxTopics(self.box.tenant, self.box.store, self.box.name)
