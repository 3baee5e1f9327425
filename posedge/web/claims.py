"""Who holds which device. A claim binds other callers' requests, and their sales, while it lasts.

It binds at the door: what was accepted before goes on, what the box does by itself (a receipt
that it still owes, its fall-back printer, a display's welcome) is not bound, and a request that
is sent again gets its answer as before. Kept in memory: a restart clears all claims.
"""

from dataclasses import dataclass
from typing import Any

from posedge.clock import Clock
from posedge.model.claim import Claim
from posedge.model.errors import DeviceBusy
from posedge.model.stamp import NS_PER_S
from posedge.web.access import Caller
from posedge.web.services import Devices

MAX_LEASE_S = 3600
"""A till that crashed keeps a printer from others no longer than that; one at work claims again."""


@dataclass(frozen=True, slots=True)
class _Held:
    caller: str
    until_ns: int
    claim: Claim


class Claims:
    """By device id; `devices` says which names stand for one."""

    def __init__(self, devices: Devices, clock: Clock) -> None:
        self._devices = devices
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def claim(self, name: str, caller: Caller, lease_s: int) -> Claim:
        """Hold the device, or hold it for longer. DeviceBusy `device.claimed` names who does."""
        device = self._id(name)
        self._check(device, caller)
        now = self._clock.now()
        until = now.model_copy(update={"utc_ns": now.utc_ns + lease_s * NS_PER_S})
        claim = Claim(device=name, holder=caller.name, until=until.rfc3339)
        until_ns = now.monotonic_ns + lease_s * NS_PER_S
        self._held[device] = _Held(caller.id, until_ns, claim)
        return claim

    def release(self, name: str, caller: Caller, *, force: bool) -> None:
        """Let go of it; what is not held is let go. `force`: also of another's."""
        device = self._id(name)
        if not force:
            self._check(device, caller)
        self._held.pop(device, None)

    def holder(self, name: str) -> Claim | None:
        held = self._current(self._id(name))
        return held.claim if held else None

    @property
    def none(self) -> bool:
        """Whether nothing was claimed since the last look: most shops never do."""
        return not self._held

    def check(self, capability: type[Any], name: str | None, caller: Caller) -> None:
        """Raise DeviceBusy `device.claimed` where another holds what the request would use.

        None is the only device with the capability; where there are several, or none, who carries
        the request out says so.
        """
        known = self._devices.names(capability)
        meant = known[0] if name is None and len(known) == 1 else name
        if meant is not None:
            self._check(self._id(meant), caller)

    def _check(self, device: str, caller: Caller) -> None:
        held = self._current(device)
        if held is not None and held.caller != caller.id:
            told = held.claim
            text = f"{told.holder} holds {told.device} until {told.until}: wait, or use another"
            raise DeviceBusy(
                "device.claimed", text, device=told.device, holder=told.holder, until=told.until
            )

    def _current(self, device: str) -> _Held | None:
        held = self._held.get(device)
        if held is not None and held.until_ns <= self._clock.now().monotonic_ns:
            del self._held[device]
            return None
        return held

    def _id(self, name: str) -> str:
        found = (each.id for each in self._devices.statuses() if name in (each.name, each.id))
        return next(found, name)
