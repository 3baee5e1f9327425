"""One end of a serial ZVT line: each frame is acknowledged, or said again (PA00P016 rev 04).

Ground rules
- One frame of ours is under way at a time. ACK means that it was read; it is never an answer.
- NAK, or nothing for T2: it is said again, at most twice, then given up.
- A frame that comes broken, or stops in its middle for T1, is answered by NAK.
- A new frame says that ours came through, whatever became of its ACK, for both sides speak in turn.
  It is not said again: a second 80 00 00 could be taken for the answer to what was asked meanwhile.
- Frames have no numbers. The last one once more, and nothing of ours acknowledged in between, is a
  repeat whose ACK was lost: acknowledged again, not delivered again. If our answer to it has been
  acknowledged, it is a repeat only when it comes T2 later; then it gets that answer again, which is
  right also if it was new. Nobody repeats more often than twice, so a third is new.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from posedge.model.errors import MisuseError
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.register import ANSWERS
from posedge.wire.zvt.serial import Broken, Control, FrameDecoder, Heard, framed

REPEATS = 2
EARLY, LATE = 0.8, 2.5
"""When a repeat comes, in units of T2: the second one, if the first was lost; and clocks differ."""

ACK, NAK = bytes([Control.ACK]), bytes([Control.NAK])


class State(Enum):
    """What became of our frame: none is under way, or it was said once, twice, thrice."""

    QUIET = auto()
    SAID = auto()
    AGAIN = auto()
    LAST = auto()


class Cause(Enum):
    SEND = auto()
    ACK = auto()
    NAK = auto()
    T2 = auto()
    NEW = auto()
    REPEAT = auto()
    ANSWERED = auto()  # a repeat, and our answer to it was acknowledged
    BROKEN = auto()


class Action(Enum):
    SAY = auto()
    ACKNOWLEDGE = auto()
    REFUSE = auto()
    DELIVER = auto()
    GIVE_UP = auto()


Step = tuple[State, tuple[Action, ...]]

_TAKE, _TAKE_REPEAT = (Action.ACKNOWLEDGE, Action.DELIVER), (Action.ACKNOWLEDGE,)


def _under_way(now: State, then: State, action: Action) -> Mapping[tuple[State, Cause], Step]:
    return {
        (now, Cause.ACK): (State.QUIET, ()),
        (now, Cause.NAK): (then, (action,)),
        (now, Cause.T2): (then, (action,)),
        (now, Cause.NEW): (State.QUIET, _TAKE),
        (now, Cause.REPEAT): (now, _TAKE_REPEAT),
        (now, Cause.BROKEN): (now, (Action.REFUSE,)),
    }


TABLE: Mapping[tuple[State, Cause], Step] = {
    (State.QUIET, Cause.SEND): (State.SAID, (Action.SAY,)),
    (State.QUIET, Cause.ACK): (State.QUIET, ()),
    (State.QUIET, Cause.NAK): (State.QUIET, ()),
    (State.QUIET, Cause.NEW): (State.QUIET, _TAKE),
    (State.QUIET, Cause.REPEAT): (State.QUIET, _TAKE_REPEAT),
    (State.QUIET, Cause.ANSWERED): (State.SAID, (Action.ACKNOWLEDGE, Action.SAY)),
    (State.QUIET, Cause.BROKEN): (State.QUIET, (Action.REFUSE,)),
    **_under_way(State.SAID, State.AGAIN, Action.SAY),
    **_under_way(State.AGAIN, State.LAST, Action.SAY),
    **_under_way(State.LAST, State.QUIET, Action.GIVE_UP),
}
"""What is missing cannot be: a second frame of ours under way, an acknowledged answer while one is,
or T2 without one.
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """T1: between two bytes of a frame. T2: until a frame is acknowledged. In seconds."""

    t1_s: float = 0.2
    t2_s: float = 5.0

    @property
    def mending_s(self) -> float:
        """How long a frame may be on its way that comes through in the end."""
        return REPEATS * self.t2_s


class Transport:
    """Feed what was read and what time it is; write what is `outgoing`; pull frames.

    `due_s` is when to feed nothing but the time, None: never. `settled`: nothing of ours is under
    way; `gave_up` tells whether the last one was never acknowledged.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._decoder = FrameDecoder()
        self._state = State.QUIET
        self._frame = b""
        self._out: deque[bytes] = deque()
        self._in: deque[Apdu] = deque()
        self._t1_due_s: float | None = None
        self._t2_due_s: float | None = None
        self._last: Apdu | None = None
        self._last_s = 0.0
        self._repeats = 0
        self._went_on = False
        self._answer = False
        self.gave_up = False

    @property
    def settled(self) -> bool:
        return self._state is State.QUIET

    @property
    def waiting(self) -> bool:
        """Whether there is a frame to pull."""
        return bool(self._in)

    @property
    def due_s(self) -> float | None:
        return min(
            (due for due in (self._t1_due_s, self._t2_due_s) if due is not None), default=None
        )

    def send(self, apdu: Apdu, now_s: float) -> None:
        """Say a frame; MisuseError `transport.busy` while one is under way."""
        if not self.settled:
            raise MisuseError("transport.busy", f"{apdu!r} has to wait: {self!r}")
        self._frame = framed(apdu)
        self._answer = apdu.command >> 8 in ANSWERS
        self.gave_up = False
        self._step(Cause.SEND, now_s)

    def feed(self, data: bytes, now_s: float) -> None:
        self._decoder.feed(data)
        while (heard := self._decoder.pull()) is not None:
            self._take(heard, now_s)
        if data:
            self._t1_due_s = now_s + self._timing.t1_s if self._decoder.inside else None
        elif self._t1_due_s is not None and now_s >= self._t1_due_s:
            self._t1_due_s = None
            self._decoder.abandon()
            self._step(Cause.BROKEN, now_s)
        if self._t2_due_s is not None and now_s >= self._t2_due_s:
            self._step(Cause.T2, now_s)

    def outgoing(self) -> bytes | None:
        """Return the next frame, ACK or NAK to write, each by itself."""
        return self._out.popleft() if self._out else None

    def pull(self) -> Apdu | None:
        """Return the next frame that was delivered."""
        return self._in.popleft() if self._in else None

    def __repr__(self) -> str:
        return f"<Transport {self._state.name.lower()}>"

    def _take(self, heard: Heard, now_s: float) -> None:
        match heard:
            case Control():
                self._step(Cause[heard.name], now_s)
            case Broken():
                self._step(Cause.BROKEN, now_s)
            case Apdu():
                self._step(self._cause(heard, now_s), now_s, heard)
            case _:
                assert_never(heard)

    def _cause(self, apdu: Apdu, now_s: float) -> Cause:
        since, self._last_s = (now_s - self._last_s) / self._timing.t2_s, now_s
        if apdu != self._last or self._repeats >= REPEATS:
            return Cause.NEW
        if self._went_on and not (self.settled and self._answer and EARLY <= since <= LATE):
            return Cause.NEW
        self._repeats += 1
        answered, self._went_on = self._went_on, False
        return Cause.ANSWERED if answered else Cause.REPEAT

    def _step(self, cause: Cause, now_s: float, apdu: Apdu | None = None) -> None:
        before = self._state
        self._state, actions = TABLE[before, cause]
        if self.settled and before is not State.QUIET:
            self._t2_due_s = None
            self._went_on = True
        for action in actions:
            self._act(action, now_s, apdu)

    def _act(self, action: Action, now_s: float, apdu: Apdu | None) -> None:
        match action:
            case Action.SAY:
                self._out.append(self._frame)
                self._t2_due_s = now_s + self._timing.t2_s
            case Action.ACKNOWLEDGE:
                self._out.append(ACK)
            case Action.REFUSE:
                self._out.append(NAK)
            case Action.DELIVER:
                assert apdu is not None, "a frame causes it"
                self._in.append(apdu)
                self._last, self._repeats, self._went_on = apdu, 0, False
            case Action.GIVE_UP:
                self.gave_up = True
            case _:
                assert_never(action)
