"""Why nothing is sent for now, and until when. Pure: time is an argument, in seconds."""

from posedge.mqtt.interface import FAILURE, NO_MATCHING_SUBSCRIBERS, QUOTA_EXCEEDED

PAUSE_S = 5.0
"""After the broker said that nobody listens (0x10) or that its quota is used up (0x97)."""

REFUSED_S = 30.0
"""After a refusal that only a person can mend, such as a broker's access rule (0x87)."""

_PAUSES = {
    NO_MATCHING_SUBSCRIBERS: (PAUSE_S, "headquarters is not listening"),
    QUOTA_EXCEEDED: (PAUSE_S, "the broker's quota is used up"),
}


class Brake:
    """`alarm` is for a person; `resync` says that headquarters must be asked where it is."""

    def __init__(self) -> None:
        self.alarm: str | None = None
        self.resync = True
        self._until = 0.0

    def release(self) -> None:
        """Begin anew with a sync: a new connection, or headquarters that came back."""
        self._until = 0.0
        self.resync = True

    def hold(self, seconds: float, now: float) -> None:
        """Headquarters asked for a pause."""
        self._until = now + seconds

    def left(self, now: float) -> float:
        """Return how long to wait still; 0 when nothing holds."""
        return max(0.0, self._until - now)

    def passes(self, code: int, now: float) -> bool:
        """Judge a PUBACK. What was not taken is sent again after a pause, behind a sync."""
        if code < FAILURE and code != NO_MATCHING_SUBSCRIBERS:
            return True
        pause_s, reason = _PAUSES.get(code, (REFUSED_S, "the broker refused an entry"))
        self.alarm = f"{reason} (0x{code:02x})"
        self._until = now + pause_s
        self.resync = True
        return False
