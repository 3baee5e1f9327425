"""MQTT topics of the contract: built and read in one place.

`posedge/v1/{tenant}/{store}/{box}/…`; levels are `[a-z0-9-]{1,32}`, never more than 8 levels.
"""

import re
from dataclasses import dataclass

from posedge.model.errors import MisuseError, ProtocolError

ROOT = "posedge/v1"
LEVEL = re.compile(r"^[a-z0-9-]{1,32}$")
_BOX_TOPIC = re.compile(r"^posedge/v1/([a-z0-9-]{1,32})/([a-z0-9-]{1,32})/([a-z0-9-]{1,32})/(.+)$")

EVERY_EVENT = f"{ROOT}/+/+/+/e/#"
EVERY_STATUS = f"{ROOT}/+/+/+/status"
EVERY_STATE = f"{ROOT}/+/+/+/state/+"
EVERY_RESULT = f"{ROOT}/+/+/+/res/+"


@dataclass(frozen=True, slots=True)
class BoxTopics:
    """The topics of one box."""

    tenant: str
    store: str
    box: str

    def __post_init__(self) -> None:
        for level in (self.tenant, self.store, self.box):
            if not LEVEL.fullmatch(level):
                raise MisuseError(
                    "topic.level", f"{level!r}: use 1 to 32 of a-z, 0-9 and '-'", level=level
                )

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
        return hq_status(self.tenant)


def hq_status(tenant: str) -> str:
    return f"{ROOT}/{tenant}/_hq/status"


def parse(topic: str) -> tuple[BoxTopics, str]:
    """Split a box's topic into whose it is and the rest, e.g. `e/sale`."""
    found = _BOX_TOPIC.fullmatch(topic)
    if not found:
        raise ProtocolError("topic.foreign", f"{topic!r} is not a topic of a box")
    return BoxTopics(found[1], found[2], found[3]), found[4]
