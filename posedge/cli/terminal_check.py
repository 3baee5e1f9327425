"""`posedge terminal check`: the go-live check, followed from the command line."""

import asyncio
import sys
from collections.abc import Callable, Iterator

from posedge.cli.terminal_watch import LOOK_S, Desk, interruptible
from posedge.tasks import Crew
from posedge.terminals.paper import line
from posedge.terminals.report import Phase, Report


def confirmed(name: str) -> bool:
    """Have the person type the terminal's name."""
    print(f"Real money will move on {name}. It is given back where the terminal can.")
    print("Type the terminal's name to go on: ", end="", flush=True)
    return sys.stdin.readline().strip() == name


async def watch_check(
    desk: Desk, number: str, name: str, *, real_money: bool, say: Callable[[str], None]
) -> Report:
    """Begin a check and tell how it goes until it ends; Ctrl-C stops it."""
    report = await desk.check(number, name, real_money=real_money, confirm=name)
    news = News()
    async with Crew("check") as crew:

        def interrupted() -> None:
            say("Stopping: what runs is asked to end.")
            crew.start(desk.stop_check(name), name="stop")

        with interruptible(interrupted):
            while report.phase is Phase.RUNNING:
                for each in news.of(report):
                    say(each)
                await asyncio.sleep(LOOK_S)
                report = await desk.checked(name)
    for each in news.of(report):
        say(each)
    return report


class News:
    """What was not said yet of a report that grows."""

    def __init__(self) -> None:
        self._ended = 0
        self._now = ""

    def of(self, report: Report) -> Iterator[str]:
        ended = [each for each in report.entries if each.verdict is not None]
        yield from (line(each) for each in ended[self._ended :])
        self._ended = len(ended)
        if report.now != self._now:
            self._now = report.now
            if report.now:
                yield f"→ {report.now}"
