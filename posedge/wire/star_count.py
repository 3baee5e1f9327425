"""How far a Star printer is with what it was sent: the ETB counter of one connection.

Rules. The counter is set to zero and moved to a number that nobody can guess before the first job,
so that what an earlier connection left in the printer's buffer is not taken for ours. Only a status
that an ETB caused moves us on: a printer that was switched off and on begins at zero too.
"""

from typing import Final

from posedge.model.errors import MisuseError
from posedge.wire.star import COUNT, COUNT_FROM_ZERO, COUNTS, AutoStatus

STARTS: Final = range(3, COUNTS)


class Tally:
    """ETBs sent and obeyed. Made with where to start, one of STARTS."""

    def __init__(self, start: int) -> None:
        if start not in STARTS:
            raise MisuseError("count.invalid", f"{start} is not 3 to 31")
        self._start = start
        self._sent = start
        self._obeyed: int | None = None

    @property
    def begin(self) -> bytes:
        """What to send before anything else is counted."""
        return COUNT_FROM_ZERO + COUNT * self._start

    @property
    def counts(self) -> bool:
        """Whether the printer has shown that it counts."""
        return self._obeyed is not None

    @property
    def sent(self) -> int:
        """The number of the last ETB."""
        return self._sent

    def next(self) -> int:
        """Give one more ETB its number; the caller sends it now."""
        self._sent += 1
        return self._sent

    def reached(self, number: int) -> bool:
        """Whether everything in front of ETB `number` is on paper."""
        return self._obeyed is not None and self._obeyed >= number

    def heard(self, status: AutoStatus) -> bool:
        """Learn from a status; False when the printer has forgotten what it had counted."""
        if status.count is None:
            return True
        obeyed = self._sent - (self._sent - status.count) % COUNTS
        if not status.executed:
            return self._obeyed is None or obeyed == self._obeyed
        if obeyed >= self._start:
            self._obeyed = obeyed
        return True
