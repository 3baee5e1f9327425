"""A till as any maker would write it: HTTP, one event stream, the same id again after trouble."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from posedge.model.display import Item
from posedge.model.errors import DeviceError
from posedge.model.money import Money
from posedge.model.sale import SALE_FINAL, Sale, SaleRequest, SaleState

ANSWER_S = 30
"""How long the till waits for one answer before it asks again under the same id."""

AGAIN_S = 0.3
PATIENCE_S = 180
"""How long a sale may stay open: a terminal that fell silent has its T4 to wait out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the stream, with the loop's time at which the till had it."""

    sequence: int
    type: str
    data: dict[str, Any]
    at: float


class Till:
    """`address` of the box, a till's token. Survives restarts of the box.

    `trust`: whom to believe when the address is https. `patience_s`: until a sale is given up.
    """

    def __init__(
        self,
        address: str,
        token: str,
        trust: ssl.SSLContext | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(ANSWER_S, connect=2),
            verify=trust or True,
            trust_env=False,
        )
        self.last = 0
        self.gaps = 0
        self._seen: list[Seen] = []
        self._news = asyncio.Event()

    async def close(self) -> None:
        await self._http.aclose()

    async def follow(self) -> None:
        """Keep the event stream, for ever: after a cut, on from the last number."""
        while True:
            try:
                async for seen in self._stream():
                    self._seen.append(seen)
                    self._news.set()
            except (httpx.TransportError, httpx.HTTPStatusError):
                await asyncio.sleep(AGAIN_S)

    @property
    def newest(self) -> Seen | None:
        """Return the last event it had; None: no stream has ever come."""
        return self._seen[-1] if self._seen else None

    def mark(self) -> int:
        """Return a position; `expect` looks only behind it."""
        return len(self._seen)

    async def expect(self, mark: int, fits: Callable[[Seen], bool], within_s: float) -> Seen | None:
        """Return the first event behind `mark` that fits; None when it does not come in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while True:
            found = next((seen for seen in self._seen[mark:] if fits(seen)), None)
            if found or loop.time() >= until:
                return found
            self._news.clear()
            try:
                async with asyncio.timeout(until - loop.time()):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def sell(self, request: SaleRequest, original: str | None = None) -> Sale:
        """Sell, and stay with it until it is final; a lost answer is asked for again."""
        path = f"/v1/sales/{original}/refund" if original else "/v1/sales"
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        sale: Sale | None = None
        while loop.time() < until and (sale is None or sale.state not in SALE_FINAL):
            try:
                sale = _sale(await self._http.post(path, json=request.model_dump(mode="json")))
            except httpx.TransportError:
                sale = None
            if sale is None or sale.state not in SALE_FINAL:
                await asyncio.sleep(AGAIN_S)
        return sale or Sale(id=request.id, state=SaleState.ACCEPTED)

    async def show(self, items: Sequence[Item], total: Money) -> None:
        """Show the basket so far to the customer, if the box is there to do it."""
        basket = {
            "items": [each.model_dump(mode="json") for each in items],
            "total": total.model_dump(mode="json"),
        }
        with suppress(httpx.TransportError):
            await self._http.put("/v1/displays/display", json=basket)

    async def get(self, path: str) -> Any:
        """GET a JSON document; DeviceError when the box does not answer now."""
        try:
            answer = await self._http.get(path)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise DeviceError("box.away", f"{path}: {error!r}") from None
        return answer.json()

    async def post(self, path: str, body: object) -> None:
        """POST a JSON document; DeviceError when the box does not answer, or says no."""
        try:
            (await self._http.post(path, json=body)).raise_for_status()
        except httpx.HTTPError as error:
            raise DeviceError("box.away", f"{path}: {error!r}") from None

    async def _stream(self) -> AsyncIterator[Seen]:
        loop = asyncio.get_running_loop()
        headers = {"Last-Event-ID": str(self.last)}
        async with self._http.stream(
            "GET", "/v1/events", headers=headers, timeout=httpx.Timeout(40, connect=2)
        ) as answer:
            answer.raise_for_status()
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif not line and "data" in fields:
                    yield self._take(fields, loop.time())
                    fields = {}

    def _take(self, fields: dict[str, str], at: float) -> Seen:
        kind = fields.get("event", "")
        self.gaps += kind == "gap"
        self.last = int(fields.get("id", self.last))
        return Seen(self.last, kind, json.loads(fields["data"]), at)


def _sale(answer: httpx.Response) -> Sale | None:
    """Read the sale from a 2xx or 402; None when there is nothing to rely on yet.

    A refusal of the request itself is a bug of this till and raised as such.
    """
    if answer.is_success:
        return Sale.model_validate_json(answer.content)
    if answer.status_code == HTTPStatus.PAYMENT_REQUIRED:
        return Sale.model_validate(answer.json()["sale"])
    if answer.is_client_error and answer.json().get("code") not in {
        "terminal.locked",
        "sale.payment_open",
        "device.offline",
    }:
        answer.raise_for_status()
    return None
