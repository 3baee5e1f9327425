"""For `make lab-shell`: posedge's devices at work, a line for each event.

SIGUSR1 prints a receipt, SIGUSR2 shows every device.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from posedge.model.capabilities import Printer
from posedge.model.errors import PosedgeError
from posedge.model.events import Envelope
from posedge.tasks import Crew
from tests.lab.box import Box, quiet
from tests.lab.printers import receipt

PID = Path("/tmp/box.pid")
LINES = 5


async def main() -> None:
    loop = asyncio.get_running_loop()
    async with Box() as box, Crew("watch") as crew:
        loop.add_signal_handler(signal.SIGUSR1, lambda: crew.start(_print(box), name="print"))
        loop.add_signal_handler(signal.SIGUSR2, _show, box)
        async for told in box.bus.listen(0):
            assert isinstance(told, Envelope), "memory keeps all"
            _say(told.event.model_dump_json(exclude={"at"}, exclude_none=True))


async def _print(box: Box) -> None:
    try:
        await box.devices.find(Printer)[1].print(receipt(LINES), "by-hand")  # type: ignore[type-abstract]
    except PosedgeError as error:
        _say(error.message)
    else:
        _say("printed")


def _show(box: Box) -> None:
    for each in box.devices.statuses():
        _say(f"{each.name}: {each.state} {each.reason or ''} {each.detail['address']}")
    for left in box.devices.undriven():
        _say(f"not driven: {left.model} at {left.port}: {left.reason}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\r\n")
    sys.stdout.flush()


if __name__ == "__main__":
    quiet()
    PID.write_text(f"{os.getpid()}\n")
    asyncio.run(main())
