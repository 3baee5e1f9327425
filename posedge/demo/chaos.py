"""What goes wrong in a shop, drawn from a seed: cut lines, dead processes, no paper."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

from posedge.demo.shop import Shop

PAUSE_S = (0.3, 1.5)
OUTAGE_S = (0.2, 2.0)
log = structlog.get_logger()


class Chaos:
    """Breaks one thing after the other until it is cancelled; `heal` mends what is broken."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._chance = random.Random(seed)  # noqa: S311 - a replayable bad day, no secret
        self.done: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(*PAUSE_S))
            trouble = self._chance.choice(TROUBLES)
            self.done[trouble.__name__] = self.done.get(trouble.__name__, 0) + 1
            log.info("chaos", trouble=trouble.__name__)
            await trouble(self._shop, self._chance)

    async def heal(self) -> None:
        """Put everything right again: the day after."""
        shop = self._shop
        shop.devices.terminal.mend()
        _mend_printer(shop)
        shop.devices.scanner.pty.plug()
        shop.devices.scale.pty.plug()
        await shop.broker.restart()
        for child in (shop.hq, shop.box):
            if not child.running:
                await child.start()
        await shop.ready()


async def kill_box(shop: Shop, chance: random.Random) -> None:
    await shop.box.kill()
    await asyncio.sleep(chance.uniform(0, OUTAGE_S[1]))
    await shop.box.start()


async def kill_broker(shop: Shop, chance: random.Random) -> None:
    await shop.broker.kill()
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    await shop.broker.restart()


async def kill_headquarters(shop: Shop, chance: random.Random) -> None:
    await shop.hq.kill()
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    await shop.hq.start()


async def cut_terminal(shop: Shop, chance: random.Random) -> None:
    shop.devices.terminal.cut(chance)
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    shop.devices.terminal.mend()


async def silence_terminal(shop: Shop, chance: random.Random) -> None:
    shop.devices.terminal.silence(chance)
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    shop.devices.terminal.mend()


async def end_paper(shop: Shop, chance: random.Random) -> None:
    shop.devices.printer.load(chance.randrange(10))
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    _mend_printer(shop)


async def drop_printer(shop: Shop, chance: random.Random) -> None:
    shop.devices.printer.cut_line(after=chance.randrange(500))


async def unplug_scanner(shop: Shop, chance: random.Random) -> None:
    shop.devices.scanner.pty.unplug()
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    shop.devices.scanner.pty.plug()


async def unplug_scale(shop: Shop, chance: random.Random) -> None:
    shop.devices.scale.pty.unplug()
    await asyncio.sleep(chance.uniform(*OUTAGE_S))
    shop.devices.scale.pty.plug()


def _mend_printer(shop: Shop) -> None:
    shop.devices.printer.load()


TROUBLES: tuple[Callable[[Shop, random.Random], Awaitable[None]], ...] = (
    kill_box,
    kill_broker,
    kill_headquarters,
    cut_terminal,
    silence_terminal,
    end_paper,
    drop_printer,
    unplug_scanner,
    unplug_scale,
)
