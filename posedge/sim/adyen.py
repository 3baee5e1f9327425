"""An Adyen payment terminal to try a till against: on the shop's network, or behind the cloud.

It speaks HTTPS and nexo as strictly as a real one, seals its answers where it is given a key, and
keeps a ledger of what it really charged.
"""

import asyncio
import hashlib
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from posedge.model.errors import ProtocolError
from posedge.sim.adyen_answers import failure, rejection
from posedge.sim.adyen_faults import Alien, Faults, Seal, Step
from posedge.sim.adyen_terminal import TerminalMind
from posedge.sim.charge import Charge
from posedge.sim.tcp import TcpSim
from posedge.wire.http import HttpRequest, HttpServer
from posedge.wire.nexo.answers import Condition
from posedge.wire.nexo.crypto import BLOCK, SecurityKey, unseal
from posedge.wire.nexo.envelope import sealed
from posedge.wire.nexo.header import Category, Header
from posedge.wire.nexo.notation import Fields, fields, read, write

PORT, CLOUD_PORT = 8443, 9443
"""Where terminals listen on the shop's network; a free one for the cloud."""

POIID = "V400m-324688042"
OK, UNAUTHORIZED, NOT_FOUND = 200, 401, 404
THOUGHTS = 10_000
READ = 64 * 1024
MONEY = frozenset({Category.PAYMENT, Category.REVERSAL})
SILENCES: Mapping[str, Step] = {
    Category.DIAGNOSIS: Step.DIAGNOSIS,
    Category.TRANSACTION_STATUS: Step.STATUS,
    Category.ABORT: Step.ABORT,
    Category.PAYMENT: Step.COMMAND,
    Category.REVERSAL: Step.COMMAND,
}
SILENCES_AFTER: Mapping[str, Step] = {
    Category.PAYMENT: Step.RESULT,
    Category.REVERSAL: Step.RESULT,
    Category.RECONCILIATION: Step.TOTALS,
}
"""Silences behind what was done."""


class AdyenSim(TcpSim):
    """`async with` starts and stops it; `port` is the one it got when it was given 0.

    With a `key` it is a terminal, without one the cloud, which wants `api_key`. `now` is its own
    clock, in UTC. `customer_s` is how long the customer takes to present the card.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        now: Callable[[], datetime],
        tls: ssl.SSLContext,
        key: SecurityKey | None = None,
        api_key: str = "",
        target: str = "/nexo",
        host: str = "127.0.0.1",
        port: int = 0,
        poiid: str = POIID,
        customer_s: float = 0.0,
    ) -> None:
        super().__init__(host, port, tls)
        self.faults = faults or Faults()
        self.poiid = poiid
        self.thought: deque[tuple[float, float]] = deque(maxlen=THOUGHTS)
        self._mind = TerminalMind(self.faults, poiid, now=now, customer_s=customer_s)
        self._key = key
        self._api_key = api_key
        self._target = target
        self._nonces = 0

    @property
    def ledger(self) -> list[Charge]:
        """What was really charged, oldest first, including what was taken back."""
        return list(self._mind.ledger)

    def __repr__(self) -> str:
        return f"<AdyenSim {self._host}:{self.port}, {len(self.ledger)} charges>"

    async def _attended(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = HttpServer()
        while (request := http.pull()) is None:
            http.feed(await reader.read(READ))
        loop = asyncio.get_running_loop()
        began = loop.time()
        told = await self._told(request)
        self.thought.append((began, loop.time()))
        if told is None:
            await reader.read()  # silent until the till hangs up
            return
        status, body, cuttable = told
        reply = http.reply(status, body)
        cut = self.faults.cut_at if cuttable else None
        writer.write(reply[:cut] + (reply if self.faults.duplicates else b""))
        await writer.drain()
        if cut is None:
            writer.close()
            await writer.wait_closed()

    async def _told(self, request: HttpRequest) -> tuple[int, bytes, bool] | None:
        """Return status, body and whether it answers for money; None to say nothing."""
        if request.target.rstrip("/") != self._target:
            return NOT_FOUND, b"", False
        if self._api_key and request.headers.get("X-Api-Key") != self._api_key:
            return UNAUTHORIZED, b"", False
        try:
            outside = read(request.body)
        except ProtocolError:
            return OK, write(rejection("Input is not a JSONObject")).encode(), False
        envelope = fields(outside, "SaleToPOIRequest")
        header = Header.from_fields(fields(envelope, "MessageHeader"))
        try:
            message = self._opened(envelope, header)
        except ProtocolError:
            refusal: Fields = {"Response": failure(Condition.MESSAGE_FORMAT, "Crypto error")}
            return OK, _message(header.answer, refusal), False
        return await self._answered(header, message)

    def _opened(self, envelope: Fields, header: Header) -> Fields:
        """Return the message in clear; ProtocolError when it is not what it should be."""
        if header.key.poiid != self.poiid or header.kind != "Request":
            raise ProtocolError("nexo.uncorrelated", "for another terminal")
        if self._key is None:
            return envelope
        message = fields(read(unseal(envelope, self._key)), "SaleToPOIRequest")
        if Header.from_fields(fields(message, "MessageHeader")) != header:
            raise ProtocolError("nexo.uncorrelated", "two headers")
        return message

    async def _answered(self, header: Header, message: Fields) -> tuple[int, bytes, bool] | None:
        faults, moves = self.faults, header.category in MONEY
        if faults.silent_at is not None and SILENCES.get(header.category) is faults.silent_at:
            return None
        answered = await self._mind.answer(header, fields(message, f"{header.category}Request"))
        if faults.silent_at is not None and SILENCES_AFTER.get(header.category) is faults.silent_at:
            return None
        if faults.reject and moves:
            said = rejection("Did not receive a response from the POI.")
            return faults.http, write(said).encode(), moves
        body = b"" if answered is None else self._written(header.answer, answered)
        return faults.http, body, moves

    def _written(self, header: Header, body: Fields) -> bytes:
        """Return the answer as it goes out, sealed and with whatever is wrong with it."""
        faults = self.faults
        outside = _estranged(header, faults.alien)
        if faults.alien is Alien.REFERENCE:
            body = _misnamed(body)
        if self._key is None or faults.seal is Seal.NONE:
            return _message(outside, body)
        key = self._key
        if faults.seal is Seal.OTHER_KEY:
            key = SecurityKey.derive("somebody else", key.identifier, key.version)
        inside = _estranged(header, Alien.SERVICE) if faults.alien is Alien.INSIDE else outside
        whole = sealed(_message(inside, body), outside, key, self._nonce())
        if faults.seal is Seal.BROKEN:
            whole = whole.replace(b'"Hmac":"', b'"Hmac":"AAAA')
        return whole

    def _nonce(self) -> bytes:
        """Make one that never repeats; a simulation needs no more."""
        self._nonces += 1
        return hashlib.sha256(f"{id(self)} {self._nonces}".encode()).digest()[:BLOCK]


def _message(header: Header, body: Fields) -> bytes:
    inner: Fields = {"MessageHeader": header.to_fields(), f"{header.category}Response": body}
    return write({"SaleToPOIResponse": inner}).encode()


def _estranged(header: Header, alien: Alien | None) -> Header:
    """Return the header with one part of it somebody else's."""
    match alien:
        case Alien.SERVICE:
            return replace(header, key=replace(header.key, service_id="0207111104"))
        case Alien.SALE:
            return replace(header, key=replace(header.key, sale_id="POSSystemID12345"))
        case Alien.TERMINAL:
            return replace(header, key=replace(header.key, poiid="P400Plus-123456789"))
        case Alien.CATEGORY:
            return replace(header, category="CardAcquisition")
        case _:
            return header


def _misnamed(body: Fields) -> Fields:
    sale: Fields = {"SaleTransactionID": {"TransactionID": "27908", "TimeStamp": ""}}
    return {**body, "SaleData": sale} if "SaleData" in body else body
