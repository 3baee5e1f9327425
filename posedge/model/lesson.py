"""What a scanner teaches about itself when it scans the test code."""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from posedge.model.value import Value


class Mode(StrEnum):
    """How characters are typed: by the layout's keys, or with Alt and their number."""

    KEYS = "keys"
    ALT = "alt"


class Lesson(Value):
    """The options that the scanner needs (see the driver wedge), and what else was seen.

    `aim`: it sends AIM identifiers. `remarks` are sentences for the technician.
    """

    layout: str
    ending: str
    gs: str
    invert_case: bool
    mode: Mode = Mode.KEYS
    aim: bool = False
    remarks: tuple[str, ...] = ()


@runtime_checkable
class Teachable(Protocol):
    async def learn(self, timeout_s: float) -> Lesson:
        """Wait for the scan of the test code, then type and keep what it taught.

        DeviceError `lesson.silent` when none came in time, `lesson.busy` when somebody else
        waits, `lesson.overruled` when the configuration says otherwise; else the code of
        posedge.wire.learn, with words that say what to do.
        """
        ...
