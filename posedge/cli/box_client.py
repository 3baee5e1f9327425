"""The running box, as the command line asks it: its own HTTP API, with the token of its user.

Each request has a connection of its own, in HTTP/1.0: the answer ends where the connection does,
an event stream too. Whoever stops waiting cancels, and the connection is closed.
"""

import asyncio
import json
from asyncio import StreamReader
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from pydantic import TypeAdapter

from posedge.model.errors import (
    ConfigError,
    ConflictError,
    DeniedError,
    DeviceBusy,
    DeviceError,
    InDoubt,
    MisuseError,
    NotFoundError,
    PosedgeError,
)
from posedge.model.payment import Attempt
from posedge.model.reconciliation import Declaration, Reconciliation
from posedge.payments.order import Order
from posedge.settings import Settings
from posedge.terminals.overview import TerminalStatus
from posedge.terminals.report import Report
from posedge.web.admin import FILE_NAME, believing

ANSWER_S = 60
"""A terminal that is asked how it is may be busy for so long; a payment has no limit."""

ERRORS: Mapping[int, type[PosedgeError]] = {
    HTTPStatus.FORBIDDEN: DeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: DeviceBusy,
    HTTPStatus.UNPROCESSABLE_ENTITY: MisuseError,
    HTTPStatus.SERVICE_UNAVAILABLE: DeviceError,
    HTTPStatus.BAD_GATEWAY: DeviceError,
    HTTPStatus.GATEWAY_TIMEOUT: InDoubt,
}
"""Back from the box's problem details to what it meant."""


class Answer(NamedTuple):
    status: int
    body: bytes


class RunningBox:
    """What app.counter.Counter does, done by the box that runs."""

    def __init__(self, settings: Settings) -> None:
        self._page = settings.page
        self._token = settings.state_dir / FILE_NAME
        self._certificate: Path | None = settings.web.tls_certificate

    async def terminals(self) -> Sequence[TerminalStatus]:
        answer = await self._ask("GET", "/v1/terminals", within_s=ANSWER_S)
        return TypeAdapter(list[TerminalStatus]).validate_json(_good(answer).body)

    async def terminal(self, name: str) -> TerminalStatus:
        answer = await self._ask("GET", f"/v1/terminals/{_part(name)}", within_s=ANSWER_S)
        return TerminalStatus.model_validate_json(_good(answer).body)

    async def pay(self, order: Order) -> Attempt:
        """See Desk.pay. InDoubt `box.lost` when the box went away meanwhile."""
        try:
            answer = await self._ask("POST", "/v1/payments", order.model_dump(mode="json"))
        except ConfigError as error:
            text = f"the box went away during the payment ({error.message})"
            raise InDoubt("box.lost", text) from None
        if answer.status == HTTPStatus.PAYMENT_REQUIRED:
            return Attempt.model_validate(json.loads(answer.body)["payment"])
        return Attempt.model_validate_json(_good(answer).body)

    async def get(self, attempt_id: str) -> Attempt:
        answer = await self._ask("GET", f"/v1/payments/{_part(attempt_id)}", within_s=ANSWER_S)
        return Attempt.model_validate_json(_good(answer).body)

    async def cancel(self, attempt_id: str) -> Attempt:
        return await self._tell(attempt_id, "cancel")

    async def decide(self, attempt_id: str, *, keep: bool) -> Attempt:
        return await self._tell(attempt_id, "accept-partial" if keep else "refuse-partial")

    async def reconcile(
        self, number: str, name: str, declared: Declaration | None = None
    ) -> Reconciliation:
        """See Reconciliations.run; it may take minutes."""
        slip = declared.model_dump(mode="json") if declared else None
        body = {"id": number, "terminal": name, "declared": slip}
        answer = await self._ask("POST", "/v1/reconciliations", body)
        return Reconciliation.model_validate_json(_good(answer).body)

    async def check(self, number: str, name: str, *, real_money: bool, confirm: str) -> Report:
        return await self._of_check(
            "POST", name, "", {"id": number, "real_money": real_money, "confirm": confirm}
        )

    async def checked(self, name: str) -> Report:
        return await self._of_check("GET", name, "")

    async def stop_check(self, name: str) -> Report:
        return await self._of_check("POST", name, "/stop", {})

    async def shown(self, attempt_id: str) -> AsyncGenerator[str, None]:
        """Yield what the terminal shows during a payment, until the box ends the stream."""
        async with self._open("GET", "/v1/events?types=payment-progress", None) as (_, reader):
            async for line in reader:
                if not line.startswith(b"data: "):
                    continue
                event = json.loads(line.removeprefix(b"data: "))
                if event.get("payment") == attempt_id:
                    yield str(event["text"])

    async def _of_check(self, method: str, name: str, end: str, body: object = None) -> Report:
        path = f"/v1/terminals/{_part(name)}/check{end}"
        answer = await self._ask(method, path, body, within_s=ANSWER_S)
        return Report.model_validate_json(_good(answer).body)

    async def _tell(self, attempt_id: str, word: str) -> Attempt:
        path = f"/v1/payments/{_part(attempt_id)}/{word}"
        answer = await self._ask("POST", path, {}, within_s=ANSWER_S)
        return Attempt.model_validate_json(_good(answer).body)

    async def _ask(
        self, method: str, path: str, body: object = None, *, within_s: float | None = None
    ) -> Answer:
        try:
            async with asyncio.timeout(within_s):
                async with self._open(method, path, body) as (status, reader):
                    return Answer(status, await reader.read())
        except (OSError, ValueError) as error:
            what = f"no running box answers at {self._page} ({error})"
            raise ConfigError("box.unreachable", f"{what}: start `posedge run`") from None

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, body: object
    ) -> AsyncGenerator[tuple[int, StreamReader], None]:
        """Send a request; give the answer's status, and its body to be read. OSError."""
        url = urlsplit(self._page)
        trust = believing(self._certificate) if url.scheme == "https" else None
        token = self._token.read_text()
        reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=trust)
        try:
            writer.write(_request(method, path, url.netloc, token, body))
            head = await reader.readuntil(b"\r\n\r\n")
            yield int(head.split(b" ", 2)[1]), reader
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("it closed the connection") from None
        finally:
            writer.transport.abort()


def _request(method: str, path: str, host: str, token: str, body: object) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    kind = "" if body is None else "Content-Type: application/json\r\n"
    return (
        f"{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{kind}"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def _part(name: str) -> str:
    return quote(name, safe="")


def _good(answer: Answer) -> Answer:
    """Raise what the box refused with, as the class that it was."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return answer
    said: dict[str, Any] = json.loads(answer.body)
    code = str(said.get("code", "box.refused"))
    kind = ConflictError if code.endswith(".conflict") else ERRORS.get(answer.status, PosedgeError)
    raise kind(code, str(said.get("detail", "the box refused")))
