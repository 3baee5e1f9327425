"""What customers see: the till's word for a display, and the page that is one."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Self

from fastapi import APIRouter, Request
from pydantic import Field, model_validator
from starlette.responses import HTMLResponse, StreamingResponse

from posedge.checkout.displays import Displays
from posedge.model.display import Item, Showing, Shown, Stage, Words
from posedge.model.errors import NotFoundError
from posedge.model.line_display import LineDisplay
from posedge.model.money import Money
from posedge.model.transaction import MAX_LINES
from posedge.model.value import Value
from posedge.web.access import DISPLAY, PUBLIC, STAFF, TILL, Asking, Scope
from posedge.web.routes.claims import Claiming
from posedge.web.services import Served
from posedge.web.stream import Streams
from posedge.web.tokens import Tokens

router = APIRouter(tags=["displays"])

PAGE = (Path(__file__).parent.parent / "templates" / "display.html").read_text(encoding="utf-8")
"""It shows nothing by itself: what it is to show comes with its token."""

Percent = Annotated[int, Field(ge=1, le=100)]


class DisplayWish(Value):
    """A basket, or a few rows of text; neither is the welcome.

    The same again changes nothing, and the last word wins. For `lease_s` no other caller may
    show anything here; the box's own sales still do.
    """

    items: Annotated[tuple[Item, ...], Field(max_length=MAX_LINES)] = ()
    total: Money | None = None
    prompt: Words = ""
    text: Annotated[tuple[Words, ...], Field(max_length=8)] = ()
    brightness_percent: Percent | None = None
    lease_s: Annotated[int, Field(ge=0, le=600)] = 0

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.text and (self.items or self.total):
            raise ValueError("text and a basket: a display shows one of them")
        currencies = {each.amount.currency for each in self.items}
        if self.total and currencies - {self.total.currency}:
            raise ValueError("an item has another currency than the total")
        return self

    @property
    def showing(self) -> Showing:
        if self.text:
            return Showing(stage=Stage.TEXT, text=self.text)
        if not self.items and self.total is None:
            return Showing(prompt=self.prompt)
        return Showing(stage=Stage.BASKET, items=self.items, total=self.total, prompt=self.prompt)


@router.put("/v1/displays/{name}", **TILL)
async def show(
    request: Request,
    services: Served,
    claims: Claiming,
    asking: Asking,
    *,
    name: str,
    wish: DisplayWish,
) -> Shown:
    """Show it; `waiting` when the display is away, which then shows it when it is back.

    `name` is that of a text display, or the one under which a page was paired.
    """
    displays = services.displays
    await _check_known(request, displays, name)
    claims.check(LineDisplay, name, asking)
    if wish.brightness_percent is not None:
        await displays.brightness(name, wish.brightness_percent)
    return await displays.put(name, wish.showing, owner=asking.name, lease_s=wish.lease_s)


@router.get("/v1/displays/{name}", **STAFF)
async def shown(request: Request, services: Served, name: str) -> Showing:
    """Return what is shown there now."""
    await _check_known(request, services.displays, name)
    return services.displays.current(name)


@router.get("/v1/display/events", response_class=StreamingResponse, **DISPLAY)
async def follow(request: Request, services: Served, asking: Asking) -> StreamingResponse:
    """Server-Sent Events for a page: what the display of its name shows, now and at each change.

    `data:` is a Showing, with the words that go with its sums. Nothing is resumed: the first
    event is always what is shown now.
    """
    streams: Streams = request.app.state.streams
    streams.admit()
    frames = streams.pass_on(lambda: _frames(services.displays, asking.name), asking.holds)
    return StreamingResponse(frames, media_type="text/event-stream")


@router.get("/display", include_in_schema=False, **PUBLIC)
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


async def _frames(displays: Displays, name: str) -> AsyncGenerator[bytes, None]:
    words = displays.words
    labels = {"total": words.total, "change": words.change, "welcome": list(words.welcome)}
    async with aclosing(displays.watch(name)) as showings:
        async for showing in showings:
            said = {"display": name, "words": labels, **showing.model_dump(mode="json")}
            text = json.dumps(said, separators=(",", ":"))
            yield f"event: showing\ndata: {text}\n\n".encode()


async def _check_known(request: Request, displays: Displays, name: str) -> None:
    tokens: Tokens = request.app.state.tokens
    paged = {each.name for each in await tokens.all() if Scope.DISPLAY in each.scopes}
    if name not in paged and not displays.is_text(name):
        known = ", ".join(sorted(paged)) or "none"
        text = f"no display {name!r}: GET /v1/devices lists text displays; pages: {known}"
        raise NotFoundError("display.unknown", text)
