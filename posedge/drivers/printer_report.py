"""How a printer and the drawer behind it are, told to the box: each change once, in words."""

from collections.abc import Awaitable, Callable
from typing import Final

from posedge.drivers.interface import Site
from posedge.model.capabilities import Paper
from posedge.model.errors import DeviceError
from posedge.model.events import DrawerChanged, PrinterChanged
from posedge.wire.escpos_state import PrinterState

SILENT: Final = "it does not answer: see that it is switched on"


def why_not(state: PrinterState) -> str | None:
    """Say what keeps the printer from printing and what to do; None when nothing does."""
    if state.error:
        return state.error
    if state.cover_open:
        return "the cover is open: close it"
    if state.paper is Paper.END:
        return "out of paper: put in a new roll"
    if not state.online:
        return "off line: press its feed or on-line button, or switch it off and on"
    return None


def waiting(reason: str) -> DeviceError:
    """Return the error for: nothing was sent, and once the reason is gone it can be."""
    return DeviceError("printer.waiting", f"the printer is not ready: {reason}")


def unproven(reason: str) -> DeviceError:
    """Return the error for: it was sent, and nothing says that it came out."""
    return DeviceError("printer.unproven", reason)


class PrinterReport:
    """Made for one driver.

    `contact`: the drawer's switch is wired to the printer; `open_high`: its level is high when
    the drawer is open.
    """

    def __init__(self, site: Site, *, contact: bool, open_high: bool) -> None:
        self._site = site
        self._contact = contact
        self._open_high = open_high
        self._shown: PrinterState | None = None
        self.drawer_open: bool | None = None

    async def changed(self, state: PrinterState) -> None:
        """Take a new state, and tell what is new about it."""
        shown = PrinterState(state.online, state.cover_open, state.paper, state.error)
        if shown != self._shown:
            self._shown = shown
            await self._site.report(why_not(state))
            await self._site.bus.publish(
                PrinterChanged(
                    at=self._site.clock.now(),
                    device=self._site.device,
                    online=state.online,
                    cover_open=state.cover_open,
                    paper=state.paper,
                    error=state.error,
                )
            )
        if self._contact:
            await self._drawer(is_open=state.drawer_high == self._open_high)

    async def opened(
        self, until: Callable[[Callable[[], bool], float], Awaitable[bool]], within_s: float
    ) -> None:
        """Wait for the drawer that was told to open; DeviceError `drawer.stuck` if it stays shut.

        `until` waits for the printer's news. Without a contact nobody knows, and nobody waits.
        """
        if self._contact and not await until(lambda: bool(self.drawer_open), within_s):
            raise DeviceError(
                "drawer.stuck", "the drawer did not open: see that it is unlocked and not jammed"
            )

    async def _drawer(self, *, is_open: bool) -> None:
        if is_open != self.drawer_open:
            at, device = self._site.clock.now(), self._site.device
            await self._site.bus.publish(DrawerChanged(at=at, device=device, open=is_open))
            self.drawer_open = is_open  # from here on kick knows it, when listeners do
