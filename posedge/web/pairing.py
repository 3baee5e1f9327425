"""Letting somebody in: a window of ten minutes, one code, five tries. There is no default password.

A window is opened by who is already trusted: with the token in a root-only file on the box, or by
a technician. Windows live in memory: a restart closes them.
"""

import hashlib
import hmac
import random
from dataclasses import dataclass

from posedge.clock import Clock
from posedge.model.errors import DeniedError, MisuseError
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.web.access import Scope

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so a code read aloud or off a receipt is typed right."""

CODE_LENGTH = 8
"""40 bits: with five tries a guess succeeds once in 2 * 10^11 windows."""

WINDOW_S = 600
TRIES = 5
MAX_WINDOWS = 4
"""Open at once: a shop pairs one or two things at a time, and each is a chance for a guess."""

_READ_AS = str.maketrans("OIL", "011", "- \t")


@dataclass(frozen=True, slots=True)
class Window:
    """`digest` is all that is kept of the code."""

    digest: bytes
    scope: Scope
    name: str
    closes_ns: int


class Pairing:
    """The open windows. Wrong codes count against all of them; the fifth closes them all."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._windows: list[Window] = []
        self._wrong = 0

    def open(self, scope: Scope, name: str) -> tuple[str, Stamp]:
        """Return the code to show, e.g. `7K3M-92QF`, and when it ends."""
        self._expire()
        if len(self._windows) >= MAX_WINDOWS:
            raise MisuseError("pair.crowded", "too many pairing windows are open: use or await one")
        code = "".join(self._chance.choices(ALPHABET, k=CODE_LENGTH))
        now = self._clock.now()
        closes_ns = now.monotonic_ns + WINDOW_S * NS_PER_S
        self._windows.append(Window(_digest(code), scope, name, closes_ns))
        self._wrong = 0
        ends = now.model_copy(update={"utc_ns": now.utc_ns + WINDOW_S * NS_PER_S})
        return f"{code[:4]}-{code[4:]}", ends

    def redeem(self, code: str) -> Window:
        """Close and return the window of `code`; DeniedError says no more than no."""
        self._expire()
        digest = _digest(code.upper().translate(_READ_AS))
        # No early exit: the time taken tells nothing about any window's code.
        found = [each for each in self._windows if hmac.compare_digest(each.digest, digest)]
        if not found:
            self._count_wrong()
            raise DeniedError(
                "pair.refused", "no open window has this code: open a new one with `posedge pair`"
            )
        self._windows.remove(found[0])
        return found[0]

    def _count_wrong(self) -> None:
        self._wrong += 1
        if self._wrong >= TRIES:
            self._windows.clear()

    def _expire(self) -> None:
        now_ns = self._clock.now().monotonic_ns
        self._windows = [each for each in self._windows if each.closes_ns > now_ns]

    def __repr__(self) -> str:
        return f"<Pairing: {len(self._windows)} open, {self._wrong} wrong>"


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
