"""The drawers of the box: opened for a sale or for a reason, and every opening accounted for.

drawer.opened (before the pulse) -> drawer.failed: it did not open
drawer.opened by key, when its contact opens without a pulse
drawer.closed, with how long it was open; drawer.left_open when that is too long
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.drawers.settings import DrawerSettings
from posedge.drawers.watch import Watch
from posedge.journal.interface import Journal
from posedge.model.capabilities import DeviceStatus, Drawer, Kind
from posedge.model.drawer import DrawerStatus, OpenedBy, Opening
from posedge.model.entry import Draft
from posedge.model.errors import DeviceError, MisuseError, PosedgeError, StorageError
from posedge.model.events import DrawerAccount, DrawerChanged, Envelope
from posedge.model.value import Json
from posedge.payments.announce import Announcer
from posedge.payments.order import Devices
from posedge.tasks import Crew

WITHOUT_PULSE = frozenset({OpenedBy.KEY, OpenedBy.UNSEEN})
"""Openings that are in the journal only once the contact has told of them."""

NOBODY = "none"
"""Stands in the journal for the drawer where there is none."""

KICK_S = 10
"""A drawer opens at once or not at all, and says so within its driver's own deadline."""

log = structlog.get_logger()


class Drawers:
    """One per box. `devices` tells the name that belongs to a device's id.

    `called` is the device that a name or a role of a printer means.
    """

    def __init__(
        self,
        journal: Journal,
        found: Devices,
        devices: Callable[[], Sequence[DeviceStatus]],
        bus: Bus,
        *,
        clock: Clock,
        ids: Ids,
        crew: Crew,
        settings: DrawerSettings | None = None,
        called: Callable[[str | None], str | None] = lambda name: name,
    ) -> None:
        self._journal = journal
        self._found = found
        self._devices = devices
        self._bus = bus
        self._announcer = Announcer(bus, crew)
        self._clock = clock
        self._ids = ids
        self._crew = crew
        self._settings = settings or DrawerSettings()
        self._called = called
        self._watches: dict[str, Watch] = {}

    async def run(self) -> None:
        """Follow the contacts for ever."""
        async for news in self._bus.listen():
            if isinstance(news, Envelope) and isinstance(news.event, DrawerChanged):
                await self._moved(news.event)

    def statuses(self) -> tuple[DrawerStatus, ...]:
        """Return the drawers whose contact has told something."""
        return tuple(each.status for each in self._watches.values() if each.status is not None)

    @property
    def own(self) -> str | None:
        """Return the name of the only drawer that is a device and hangs behind no printer."""
        names = [each.name for each in self._devices() if each.kind is Kind.DRAWER]
        return names[0] if len(names) == 1 else None

    async def open(
        self, name: str | None, number: int, opening: Opening, *, noted: bool = False
    ) -> str:
        """Open a drawer and return its name; the opening is in the journal before the pulse.

        `name` is the drawer's, or that of the printer it hangs behind, or the printer's role.
        `noted`: it already is, with its sale. Whatever keeps the drawer shut is journalled as
        `drawer.failed` and raised: NotFoundError, MisuseError, DeviceError `drawer.stuck` and
        others. StorageError: nothing was done.
        """
        name = self._called(name)
        try:
            drawer, device = self._found.find(Drawer, name)  # type: ignore[type-abstract]
        except PosedgeError as error:
            if noted:
                await self._note("failed", name or NOBODY, _failed(opening, error))
            raise
        if not noted:
            await self._note("opened", drawer, opening.facts())
        try:
            await self._kick(drawer, device, number, opening)
        except (DeviceError, MisuseError) as error:
            await self._note("failed", drawer, _failed(opening, error))
            raise
        return drawer

    async def _kick(self, drawer: str, device: Drawer, number: int, opening: Opening) -> None:
        watch = self._watch(drawer)
        watch.pulse(self._clock.now(), opening)
        try:
            async with asyncio.timeout(KICK_S):
                await device.kick(number)
        except TimeoutError:
            watch.forget_pulse()
            raise DeviceError("drawer.silent", f"no answer within {KICK_S} s") from None
        except PosedgeError:
            watch.forget_pulse()
            raise

    def _watch(self, drawer: str) -> Watch:
        return self._watches.setdefault(drawer, Watch(drawer))

    async def _moved(self, event: DrawerChanged) -> None:
        drawer = self._name(event.device)
        watch = self._watch(drawer)
        if not event.open:
            if before := watch.closed(event.at):
                await self._closed(before, event)
            return
        if (opening := watch.opened(event.at)) is None:
            return
        if opening.by in WITHOUT_PULSE:
            await self._try_note("opened", drawer, opening.facts())
        assert watch.status is not None, "it has just opened"
        self._crew.start(self._remind(watch, watch.status), name=f"drawer.{drawer}")

    async def _closed(self, before: DrawerStatus, event: DrawerChanged) -> None:
        assert before.opening is not None, "what is open was opened"
        open_s = event.at.since(before.since)
        facts = {**before.opening.facts(), "open_s": None if open_s is None else int(open_s)}
        await self._try_note("closed", before.drawer, facts)

    async def _remind(self, watch: Watch, status: DrawerStatus) -> None:
        """Tell when the drawer still stands open."""
        await asyncio.sleep(self._settings.left_open_s)
        if watch.status is status and status.opening is not None:
            watch.status = status.model_copy(update={"left_open": True})
            facts = {**status.opening.facts(), "open_s": self._settings.left_open_s}
            await self._try_note("left_open", status.drawer, facts)

    async def _try_note(self, what: str, drawer: str, facts: Mapping[str, Json]) -> None:
        """Note what has happened whether or not the disk takes it."""
        try:
            await self._note(what, drawer, facts)
        except StorageError as error:
            log.critical("drawer.unrecorded", drawer=drawer, what=what, reason=error.message)

    async def _note(self, what: str, drawer: str, facts: Mapping[str, Json]) -> None:
        now = self._clock.now()
        data: dict[str, Json] = {"open": False, "drawer": drawer, **facts}
        draft = Draft(self._ids.new(), f"drawer.{what}", f"drawer/{drawer}", now, data)
        await self._journal.append((draft,))
        self._announcer.say(
            DrawerAccount.model_validate({"at": now, "what": what, "drawer": drawer, **facts})
        )

    def _name(self, device: str) -> str:
        return next((each.name for each in self._devices() if each.id == device), device)


def _failed(opening: Opening, error: PosedgeError) -> dict[str, Json]:
    return {**opening.facts(), "why": error.message}
