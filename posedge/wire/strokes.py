"""Keys as they come, for a scanner whose manner of typing is not known yet."""

from dataclasses import dataclass

from posedge.wire.keys import Key
from posedge.wire.lines import ENDLESS
from posedge.wire.scan import Dropped
from posedge.wire.typed import LOST, SILENCE_CEILING_NS

MAX_KEYS = 8192
"""The longest test code in ALT mode has 97 characters of ten keys down and up at most."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """One whole code, key by key. `caps_lock` is what the kernel's lamp said."""

    keys: tuple[Key, ...]
    caps_lock: bool


class StrokeScans:
    """Give it keys in order, as to TypedScans; only silence ends a code."""

    silence_ns = SILENCE_CEILING_NS

    def __init__(self, *, caps_lock: bool = False) -> None:
        self._caps_lock = caps_lock
        self._keys: list[Key] = []
        self._spoilt: Dropped | None = None
        self._last_ns = 0

    @property
    def pending(self) -> bool:
        return bool(self._keys) or self._spoilt is not None

    def key(self, key: Key) -> Strokes | Dropped | None:
        """Take a key; return the code that had ended before it."""
        quiet = self.pending and key.at_ns - self._last_ns > self.silence_ns
        ended = self.silence() if quiet else None
        self._last_ns = key.at_ns
        if len(self._keys) < MAX_KEYS:
            self._keys.append(key)
        else:
            self._spoilt = self._spoilt or ENDLESS
        return ended

    def lost(self, at_ns: int) -> Strokes | Dropped | None:
        """Keys went missing at that moment: the code is void."""
        self._last_ns = at_ns
        self.void()
        return None

    def void(self) -> None:
        self._spoilt = self._spoilt or LOST

    def silence(self) -> Strokes | Dropped | None:
        keys, spoilt = tuple(self._keys), self._spoilt
        self._keys, self._spoilt = [], None
        return spoilt or (Strokes(keys, self._caps_lock) if keys else None)

    def __repr__(self) -> str:
        return f"<StrokeScans {len(self._keys)} keys>"
