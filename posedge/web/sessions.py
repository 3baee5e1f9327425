"""A technician's browser, once paired: a cookie that is good here, from there, for now.

Sessions live in memory: a restart of the box ends them. The cookie opens the page's own routes
only, never the API, and its writes must bear the page's own Origin.
"""

import hashlib
import random
from dataclasses import dataclass, replace

from posedge.clock import Clock
from posedge.model.stamp import NS_PER_S
from posedge.web.access import Caller

IDLE_S = 15 * 60
"""An open page asks every few seconds, so this counts from when it was closed."""

LIFE_S = 12 * 3600
"""A working day."""

MAX_SESSIONS = 16
"""Phones and desktops of the technicians of one shop; the longest idle one makes room."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a session was made; a cookie that turns up elsewhere is a stolen one."""

    address: str
    agent: str


@dataclass(slots=True)
class _Session:
    caller: Caller
    browser: Browser
    began_ns: int
    used_ns: int


class Sessions:
    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._held: dict[str, _Session] = {}

    def begin(self, caller: Caller, browser: Browser) -> str:
        """Return the cookie's value."""
        if len(self._held) >= MAX_SESSIONS:
            del self._held[min(self._held, key=lambda key: self._held[key].used_ns)]
        value = self._chance.randbytes(32).hex()
        now_ns = self._clock.now().monotonic_ns
        self._held[_digest(value)] = _Session(caller, browser, now_ns, now_ns)
        return value

    def find(self, value: str, browser: Browser) -> Caller | None:
        key = _digest(value)
        session = self._held.get(key)
        if session is None or session.browser != browser or not self._holds(key):
            return None
        session.used_ns = self._clock.now().monotonic_ns
        return replace(session.caller, holds=lambda: self._holds(key))

    def end(self, value: str) -> None:
        self._held.pop(_digest(value), None)

    def _holds(self, key: str) -> bool:
        """Whether the session goes on; forget it when not."""
        session, now_ns = self._held.get(key), self._clock.now().monotonic_ns
        if session is None:
            return False
        if now_ns > min(session.used_ns + IDLE_S * NS_PER_S, session.began_ns + LIFE_S * NS_PER_S):
            del self._held[key]
            return False
        return True


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
