"""The devices of a box as a process of their own, for tests.doubles.testbed.

Says each event as a line of JSON; prints a receipt when it is told to on standard input.
"""

import asyncio
import json
import sys
from pathlib import Path

from posedge.devices import udev
from posedge.model.capabilities import Printer
from posedge.model.errors import PosedgeError
from posedge.model.events import Envelope
from posedge.model.receipt import Receipt, Text
from posedge.tasks import Crew
from tests.lab.box import Box, quiet

LINES = 600
"""More than a pseudo terminal holds."""


async def main() -> None:
    udev.CONTROL = Path("/dev/null")  # udev runs, as far as anybody can tell
    async with Box() as box, Crew("mocked") as crew:
        crew.start(_obey(box), name="orders")
        async for told in box.bus.listen(0):
            assert isinstance(told, Envelope), "memory keeps all"
            _say(told.event.model_dump_json())


async def _obey(box: Box) -> None:
    text = Text(text="-" * 40)
    lines = (Text(text=f"line {n}") for n in range(LINES))
    receipt = Receipt(parts=tuple(part for line in lines for part in (text, line)))
    while await asyncio.to_thread(sys.stdin.readline):
        try:
            await box.devices.find(Printer)[1].print(receipt, "job")  # type: ignore[type-abstract]
        except PosedgeError as error:
            _say(json.dumps({"type": "refused", "code": error.code}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    quiet()
    asyncio.run(main())
