"""The way to an Adyen terminal: one request and its answer on a connection of its own.

On the shop's network that is TLS with the terminal's certificate, HTTP, and messages sealed once
more; through the cloud TLS with the host's name, HTTP and an API key.
"""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from posedge.clock import Ids
from posedge.drivers.adyen_options import AdyenOptions
from posedge.drivers.interface import Site
from posedge.link.tls import TlsLink, secure
from posedge.model.errors import DeviceError, NotStarted
from posedge.wire.http import HttpClient, HttpReply, HttpRequest
from posedge.wire.nexo.crypto import BLOCK, SecurityKey
from posedge.wire.nexo.envelope import Received, opened, sealed
from posedge.wire.nexo.header import Header
from posedge.wire.nexo.requests import Request, to_json

OK = 200
REFUSALS = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 429})
"""HTTP statuses by which a request was turned away before it was looked at."""

WRITE_S = 10.0
"""A request is one or two kilobytes; a peer that takes none for so long is dead."""

LEGACY = "legacy-terminal-certificate"
CERTIFIED = re.compile(rf"([A-Za-z0-9]+-[0-9]+|{LEGACY})\.(?:test|live)\.terminal\.adyen\.com")
"""The CN of a terminal: model, hyphen, serial number in digits (Adyen's Java library)."""


@dataclass(frozen=True, slots=True)
class Host:
    """Whom we speak to; a cloud is known by its name, a terminal by its certificate's."""

    name: str
    target: str
    cloud: bool

    @classmethod
    def of(cls, address: str, *, cloud: bool) -> "Host":
        """Read `https://host:port/path`; the path may be left out where it is the usual one."""
        parts = urlsplit(address)
        return cls(parts.hostname or "", parts.path or ("/sync" if cloud else "/nexo"), cloud)


class Way:
    """Made once for a driver; what is costly (keys, certificates) is made at the first message."""

    def __init__(self, site: Site, options: AdyenOptions) -> None:
        self._site = site
        self._options = options
        self._host = Host.of(site.address, cloud=options.api_key is not None)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator["Talk", None]:
        """Connect to whom it should be; DeviceError when that fails, and nothing was said."""
        link = await secure(
            await self._site.open(),
            self._context,
            device=self._site.device,
            server_name=self._host.name if self._host.cloud else None,
            timeout_s=self._options.connect_ms / 1000,
        )
        try:
            self._check_name(link)
            yield Talk(link, self._host, self._options, self._key, self._site.ids)
        finally:
            await link.close()

    async def ask(self, header: Header, request: Request) -> Received:
        """Ask what moves nothing, on a connection of its own."""
        async with self.connection() as talk:
            return await talk.ask(header, request, timeout_s=self._options.answer_ms / 1000)

    @cached_property
    def _key(self) -> SecurityKey | None:
        options = self._options
        if options.passphrase is None or options.key_identifier is None:
            return None
        return SecurityKey.derive(options.passphrase, options.key_identifier, options.key_version)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self._host.cloud
        if self._options.roots is None:
            context.load_default_certs()
            return context
        try:
            context.load_verify_locations(self._options.roots)
        except OSError as error:  # ssl.SSLError is one
            text = f"option roots: {self._options.roots} has no PEM certificates that can be read"
            raise DeviceError("options.invalid", text, option="roots") from error
        return context

    def _check_name(self, link: TlsLink) -> None:
        """Refuse another terminal; a cloud's name was checked with its certificate."""
        if self._host.cloud:
            return
        certified = CERTIFIED.fullmatch(link.common_name)
        if certified is None or certified[1] not in {self._options.poiid, LEGACY}:
            text = (
                f"{self._site.device} is {link.common_name or 'nobody'}, not {self._options.poiid}:"
                " check address and poiid"
            )
            raise DeviceError("device.untrusted", text, device=self._site.device)


class Talk:
    """One request on a connection."""

    def __init__(
        self,
        link: TlsLink,
        host: Host,
        options: AdyenOptions,
        key: SecurityKey | None,
        ids: Ids,
    ) -> None:
        self._host = host
        self._ids = ids
        self._link = link
        self._options = options
        self._key = key

    async def ask(self, header: Header, request: Request, *, timeout_s: float) -> Received:
        """Return the answer; None for an empty one.

        NotStarted `terminal.refused`: it was turned away unread. DeviceError `terminal.silent` or
        as the link has it, ProtocolError as envelope and HTTP have it: it may have been obeyed.
        """
        http = HttpClient()
        sent = http.send(self._posted(header, to_json(header, request)))
        try:
            async with asyncio.timeout(timeout_s):
                await self._link.write(sent, deadline_s=WRITE_S)
                reply = await self._reply(http)
        except TimeoutError:
            text = f"the terminal said nothing within {timeout_s:g} s"
            raise DeviceError("terminal.silent", text) from None
        if reply.status in REFUSALS:
            raise NotStarted("terminal.refused", f"it turned us away with HTTP {reply.status}")
        if reply.status != OK:
            raise DeviceError("terminal.failed", f"it answered HTTP {reply.status}")
        return opened(reply.body, header, self._key)

    def _posted(self, header: Header, message: bytes) -> HttpRequest:
        options = self._options
        if self._key is not None:
            message = sealed(message, header, self._key, self._nonce())
        headers = {"X-API-Key": options.api_key} if options.api_key else {}
        return HttpRequest(self._host.target, message, self._host.name, headers)

    def _nonce(self) -> bytes:
        """Draw what nobody can guess and nothing repeats, out of a new id."""
        return hashlib.sha256(self._ids.new().encode()).digest()[:BLOCK]

    async def _reply(self, http: HttpClient) -> HttpReply:
        while (reply := http.pull()) is None:
            http.feed(await self._read())
        return reply

    async def _read(self) -> bytes:
        """Return what came; nothing at all when the other side has hung up."""
        try:
            return await self._link.read()
        except DeviceError as error:
            if error.code != "device.gone":
                raise
            return b""
