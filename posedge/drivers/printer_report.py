"""How a printer and the drawer behind it are, told to the box: each change once, in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias

from posedge.drivers.interface import Site
from posedge.model.capabilities import Paper
from posedge.model.errors import DeviceError
from posedge.model.events import DrawerChanged, PrinterChanged
from posedge.wire.contact import Contact, after_pulse
from posedge.wire.escpos_state import PrinterState

ContactOption: TypeAlias = Literal["learn", "none", "open-high", "open-low"]
"""The drawer's switch: its level when the drawer is open, none wired, or found out by itself."""

_TOLD: Final = {"open-high": Contact.HIGH, "open-low": Contact.LOW}
_CONTACT: Final = "drawer-contact"
"""What its levels are remembered under."""

AWAY: Final = "it is not connected: check its power and cable"
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
    """Made for one driver. `contact` is what is configured of the drawer's switch."""

    def __init__(self, site: Site, *, contact: ContactOption) -> None:
        self._site = site
        self._learns = contact == "learn"
        known = site.memory.recall(_CONTACT) if self._learns else None
        self._contact = Contact(known) if known else _TOLD.get(contact, Contact.UNKNOWN)
        self._shown: PrinterState | None = None
        self._high: bool | None = None
        self._pulse_until_s: float | None = None
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
        if state.drawer_high is not None:
            await self._level(high=state.drawer_high)

    async def kick(
        self,
        pulse: Callable[[], Awaitable[None]],
        until: Callable[[Callable[[], bool], float], Awaitable[bool]],
        within_s: float,
    ) -> None:
        """Open the drawer; DeviceError `drawer.stuck` if its contact says that it stays shut.

        `until` waits for the printer's news. Without a contact, or before its levels are learnt,
        nobody knows, and nobody waits.
        """
        self._pulse_until_s = asyncio.get_running_loop().time() + within_s
        await pulse()
        if self._contact.is_open(high=True) is None:
            return
        if not await until(lambda: bool(self.drawer_open), within_s):
            raise DeviceError(
                "drawer.stuck", "the drawer did not open: see that it is unlocked and not jammed"
            )

    async def _level(self, *, high: bool) -> None:
        """Take the switch's level: learn from it, and tell when the drawer has moved."""
        changed = self._high is not None and high != self._high
        self._high = high
        if changed and self._learns and self._after_pulse():
            self._contact = after_pulse(self._contact, high=high)
            await self._site.memory.learn(_CONTACT, self._contact)
        is_open = self._contact.is_open(high=high)
        if is_open is not None:
            await self._drawer(is_open=is_open)

    def _after_pulse(self) -> bool:
        """Whether this change answers a pulse; only the first one does."""
        until_s, self._pulse_until_s = self._pulse_until_s, None
        return until_s is not None and asyncio.get_running_loop().time() <= until_s

    async def _drawer(self, *, is_open: bool) -> None:
        if is_open != self.drawer_open:
            at, device = self._site.clock.now(), self._site.device
            await self._site.bus.publish(DrawerChanged(at=at, device=device, open=is_open))
            self.drawer_open = is_open  # from here on kick knows it, when listeners do
