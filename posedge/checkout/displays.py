"""What every customer display shows now: by the till's word, and by itself during a sale.

The last word wins. Text displays and pages of one name show the same. Nothing here holds up a
sale: a display that is away shows what is current when it is back.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import structlog

from posedge.bus import Bus
from posedge.checkout.faces import of_basket, of_thanks, rows
from posedge.checkout.plan import attempt_id, card_tenders
from posedge.checkout.settings import DisplaySettings
from posedge.model.capabilities import DeviceState, Kind
from posedge.model.display import Showing, Shown, Stage
from posedge.model.errors import DeviceBusy, DeviceError, MisuseError, NotFoundError, PosedgeError
from posedge.model.events import DeviceChanged, Envelope, Gap, PaymentProgress
from posedge.model.line_display import LineDisplay
from posedge.model.sale import SaleRequest
from posedge.payments.order import Devices

SEND_S = 3.0
"""A picture takes a tenth of a second; a line that takes longer is dead, and told so."""

PAYING = 64
"""Payments of which the sale is remembered: terminals of a shop, several times over."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Face:
    """One display by its name. `owner` alone may put something until `leased_until_s`."""

    showing: Showing = field(default_factory=Showing)
    owner: str = ""
    leased_until_s: float = 0
    idle_at_s: float | None = None
    dirty: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Displays:
    """All of the box's. `serve` and `follow` run for as long as the checkout does."""

    def __init__(self, devices: Devices, bus: Bus, settings: DisplaySettings) -> None:
        self.words = settings
        self._devices = devices
        self._bus = bus
        self._faces: dict[str, _Face] = {}
        self._pages: dict[str, int] = {}
        self._paying: dict[str, SaleRequest] = {}
        self._news = asyncio.Event()
        self._changed = asyncio.Event()

    async def put(self, name: str, showing: Showing, *, owner: str, lease_s: int = 0) -> Shown:
        """Show it, and for `lease_s` let nobody but `owner` and sales show anything else.

        DeviceBusy `display.claimed` during another's lease.
        """
        now_s = asyncio.get_running_loop().time()
        face = self._face(name)
        if face.owner != owner and now_s < face.leased_until_s:
            rest_s = int(face.leased_until_s - now_s) + 1
            text = f"{face.owner} shows something on {name}: try again in {rest_s} s"
            raise DeviceBusy("display.claimed", text, owner=face.owner)
        face.owner, face.leased_until_s = owner, now_s + lease_s
        self._show(name, showing)
        return await self._send(name)

    async def brightness(self, name: str, percent: int) -> None:
        """Dim a text display; MisuseError `display.dimless` for what cannot be dimmed from here."""
        try:
            _, display = self._find(name)
        except NotFoundError:
            raise MisuseError("display.dimless", "a page is as bright as its screen") from None
        await display.brightness(percent)

    def is_text(self, name: str) -> bool:
        """Whether a text display has this name or id, on line or not."""
        try:
            self._find(name)
        except NotFoundError:
            return False
        except DeviceError:
            return True
        return True

    def current(self, name: str) -> Showing:
        face = self._faces.get(name)
        return face.showing if face else Showing()

    async def watch(self, name: str) -> AsyncGenerator[Showing, None]:
        """Yield what it shows, and again when that has changed: what is newest, not each."""
        self._pages[name] = self._pages.get(name, 0) + 1
        try:
            seen: Showing | None = None
            while True:
                changed = self._changed
                if (now := self.current(name)) != seen:
                    seen = now
                    yield now
                else:
                    await changed.wait()
        finally:
            self._pages[name] -= 1
            if not self._pages[name]:
                del self._pages[name]

    def paying(self, request: SaleRequest) -> None:
        """Show what is to pay, and from now on what the terminals ask of the customer."""
        cards = card_tenders(request)
        for at in cards:
            self._paying[attempt_id(request.id, at)] = request
        while len(self._paying) > PAYING:
            del self._paying[next(iter(self._paying))]
        self._of_sale(request, of_basket(request, Stage.PAYING, self.words.card if cards else ""))

    def ended(self, request: SaleRequest, *, completed: bool) -> None:
        """Thank for a completed sale; show the basket again of one that was not paid."""
        for at in card_tenders(request):
            self._paying.pop(attempt_id(request.id, at), None)
        if completed:
            thanks = of_thanks(request, self.words.thanks)
            self._of_sale(request, thanks, for_s=self.words.thanks_s)
        else:
            self._of_sale(request, of_basket(request, Stage.BASKET))

    async def serve(self) -> None:
        """Bring to the text displays what sales changed, and end thanks in time, for ever."""
        for name in self._text_displays():
            self._face(name).dirty = True
        while True:
            self._news.clear()
            self._expire()
            for name, face in tuple(self._faces.items()):
                if face.dirty:
                    await self._send(name)
            try:
                async with asyncio.timeout(self._until_expiry_s()):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def follow(self) -> None:
        """Hear what terminals ask of customers, and which displays are back, for ever."""
        async for item in self._bus.listen():
            self._hear(item)

    def _hear(self, item: Envelope | Gap) -> None:
        match item:
            case Envelope(event=PaymentProgress(payment=payment, text=text)):
                if request := self._paying.get(payment):
                    prompt = text[:200] or self.words.card
                    self._of_sale(request, of_basket(request, Stage.PAYING, prompt))
            case Envelope(
                event=DeviceChanged(kind=Kind.DISPLAY, state=DeviceState.ONLINE) as event
            ):
                for name in (event.name, event.device):
                    if name in self._faces or name == event.name:
                        self._face(name).dirty = True
                self._news.set()
            case _:
                pass

    def _of_sale(self, request: SaleRequest, showing: Showing, for_s: int | None = None) -> None:
        name = self._chosen(request)
        if name is not None:
            self._show(name, showing, for_s)

    def _chosen(self, request: SaleRequest) -> str | None:
        """Return the display of a sale; None when there is none, or nobody can tell which."""
        if named := request.display or self.words.name:
            return named
        known = {*self._text_displays(), *self._pages}
        if request.till in known:
            return request.till
        return next(iter(known)) if len(known) == 1 else None

    def _face(self, name: str) -> _Face:
        return self._faces.setdefault(name, _Face())

    def _show(self, name: str, showing: Showing, for_s: int | None = None) -> None:
        face = self._face(name)
        now_s = asyncio.get_running_loop().time()
        face.idle_at_s = None if for_s is None else now_s + for_s
        face.showing, face.dirty = showing, True
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._news.set()

    def _expire(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for name, face in self._faces.items():
            if face.idle_at_s is not None and face.idle_at_s <= now_s:
                self._show(name, Showing())

    def _until_expiry_s(self) -> float | None:
        due = [face.idle_at_s for face in self._faces.values() if face.idle_at_s is not None]
        return max(0.0, min(due) - asyncio.get_running_loop().time()) if due else None

    async def _send(self, name: str) -> Shown:
        """Bring what is current to the text display of this name, if there is one."""
        face = self._face(name)
        async with face.turn:
            face.dirty = False
            try:
                _, display = self._find(name)
                async with asyncio.timeout(SEND_S):
                    glass = await display.display_text(rows(face.showing, self.words, display.rows))
            except NotFoundError:
                return Shown(display=name, state="shown")  # a page: it watches
            except (PosedgeError, TimeoutError) as error:
                reason = error.message if isinstance(error, PosedgeError) else "it takes nothing"
                log.info("display.behind", display=name, reason=reason)
                return Shown(display=name, state="waiting", reason=reason)
        if glass.lost:
            log.info("display.lacks", display=name, characters=glass.lost)
        return Shown(display=name, state="shown", rows=glass.rows, lost=glass.lost)

    def _text_displays(self) -> tuple[str, ...]:
        return self._devices.names(LineDisplay)  # type: ignore[type-abstract]

    def _find(self, name: str) -> tuple[str, LineDisplay]:
        return self._devices.find(LineDisplay, name)  # type: ignore[type-abstract]
