"""MQTT topics of the contract: built and read in one place.

`posedge/v1/{tenant}/{store}/{box}/…`; levels are `[a-z0-9-]{1,32}`, never more than 8 levels.
"""

import re
from dataclasses import dataclass

from posedge.model.errors import MisuseError, ProtocolError

ROOT = "posedge/v1"
LEVEL = re.compile(r"^[a-z0-9-]{1,32}$")
_BOX_TOPIC = re.compile(r"^posedge/v1/([a-z0-9-]{1,32})/([a-z0-9-]{1,32})/([a-z0-9-]{1,32})/(.+)$")


@dataclass(frozen=True, slots=True)
class Fleet:
    """The filters that headquarters subscribes to: every box of one tenant."""

    tenant: str

    def __post_init__(self) -> None:
        _check(self.tenant)

    @property
    def events(self) -> str:
        """Entries and syncs, in one filter: so PUBACK 0x10 for a sync says that nobody listens."""
        return f"{ROOT}/{self.tenant}/+/+/e/#"

    @property
    def presence(self) -> str:
        return f"{ROOT}/{self.tenant}/+/+/status"

    @property
    def states(self) -> str:
        return f"{ROOT}/{self.tenant}/+/+/state/+"

    def results(self, requester: str) -> str:
        return f"{ROOT}/{self.tenant}/+/+/res/{requester}"

    @property
    def headquarters(self) -> str:
        return f"{ROOT}/{self.tenant}/_hq/status"


@dataclass(frozen=True, slots=True)
class BoxTopics:
    """The topics of one box."""

    tenant: str
    store: str
    box: str

    def __post_init__(self) -> None:
        for level in (self.tenant, self.store, self.box):
            _check(level)

    @property
    def base(self) -> str:
        return f"{ROOT}/{self.tenant}/{self.store}/{self.box}"

    @property
    def source(self) -> str:
        """The CloudEvents `source` of this box."""
        return f"/{self.tenant}/{self.store}/{self.box}"

    def event(self, noun: str) -> str:
        return f"{self.base}/e/{noun}"

    @property
    def sync(self) -> str:
        return f"{self.base}/e/_sync"

    @property
    def ack(self) -> str:
        return f"{self.base}/ack"

    @property
    def status(self) -> str:
        return f"{self.base}/status"

    def state(self, name: str) -> str:
        return f"{self.base}/state/{name}"

    def desired(self, name: str) -> str:
        return f"{self.base}/desired/{name}"

    def command(self, verb: str) -> str:
        return f"{self.base}/cmd/{verb}"

    def result(self, requester: str) -> str:
        return f"{self.base}/res/{requester}"

    @property
    def headquarters(self) -> str:
        return Fleet(self.tenant).headquarters


def parse(topic: str) -> tuple[BoxTopics, str]:
    """Split a box's topic into whose it is and the rest, e.g. `e/sale`."""
    found = _BOX_TOPIC.fullmatch(topic)
    if not found:
        raise ProtocolError("topic.foreign", f"{topic!r} is not a topic of a box")
    return BoxTopics(found[1], found[2], found[3]), found[4]


def _check(level: str) -> None:
    if not LEVEL.fullmatch(level):
        raise MisuseError("topic.level", f"{level!r}: use 1 to 32 of a-z, 0-9 and '-'", level=level)
