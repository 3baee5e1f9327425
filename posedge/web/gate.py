"""What every request passes before any route sees it. Nothing is open that is not listed here.

In this order: the Host is one of ours (a rebound name is not), the Origin is ours or allowed, the
caller is known (unless the route is public), a write is JSON of bounded size without floats.
Every answer leaves with the headers that keep browsers from doing more than was meant.
"""

import hmac
import ipaddress
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Request

from posedge.web.access import Caller, Scope
from posedge.web.body import Refusal, read_body, refuse
from posedge.web.cookies import browser, cookie, peer
from posedge.web.sessions import Sessions
from posedge.web.settings import WebSettings
from posedge.web.tokens import Tokens

PUBLIC = frozenset({"/", "/display", "/healthz", "/v1/openapi.json", "/v1/pair", "/page/session"})
STATIC = "/static/"
PAGE = "/page/"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
BODIES = WRITES - {"DELETE"}

HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PUT, DELETE",
    "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
    "access-control-max-age": "600",
}

LOGGED = 200
"""Bytes of a refused path that are logged: each costs the search for card numbers 6 us."""

log = structlog.get_logger()


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: WebSettings,
        tokens: Tokens,
        sessions: Sessions,
        admin_token: str | None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._tokens = tokens
        self._sessions = sessions
        self._admin_token = admin_token

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        assert request["type"] == "http", "the server is configured for nothing else"
        headers = Headers(scope=request)
        origin = headers.get("origin")
        allowed = origin if origin in self._settings.allowed_origins else None

        async def seal(message: Message) -> None:
            if message["type"] == "http.response.start":
                _seal(MutableHeaders(scope=message), allowed)
            await send(message)

        try:
            self._check_host(request, headers)
            self._check_origin(request, headers, origin)
            if request["method"] == "OPTIONS" and allowed:
                answer: ASGIApp = Response(status_code=204, headers=PREFLIGHT)
            else:
                request["posedge.caller"] = await self._identify(request, headers, origin)
                if request["method"] in BODIES:
                    receive = await read_body(headers, receive)
                answer = self._app
        except Refusal as refusal:
            path = request["raw_path"][:LOGGED].decode("latin-1")  # percent-encoded: no controls
            log.info("web.refused", code=refusal.code, path=path, peer=peer(request))
            answer = refusal.answer()
        await answer(request, receive, seal)

    def _check_host(self, request: Request, headers: Headers) -> None:
        name = _host_name(headers.get("host", ""))
        here, _ = request["server"] or ("", None)  # the address that the connection came in on
        if name not in self._settings.names and name != here:
            refuse(
                HTTPStatus.MISDIRECTED_REQUEST,
                "host.foreign",
                "this box has another name: use its address, or list the name in web.allowed_hosts",
            )
        if not request["path"].startswith("/"):
            refuse(HTTPStatus.MISDIRECTED_REQUEST, "host.foreign", "this box is not a proxy")

    def _check_origin(self, request: Request, headers: Headers, origin: str | None) -> None:
        own = f"{request['scheme']}://{headers['host']}"
        if origin is not None and origin != own and origin not in self._settings.allowed_origins:
            refuse(
                HTTPStatus.FORBIDDEN,
                "origin.foreign",
                "pages of this origin may not ask: list it in web.allowed_origins",
            )

    async def _identify(
        self, request: Request, headers: Headers, origin: str | None
    ) -> Caller | None:
        path = request["path"]
        if path == "/" or path.startswith(PAGE):
            caller = self._by_cookie(request, headers, origin)
        else:
            caller = await self._by_token(headers)
        if caller is None and path == "/metrics" and _is_loopback(request):
            caller = Caller("local", "this machine", frozenset({Scope.METRICS}))
        if caller is None and path not in PUBLIC and not path.startswith(STATIC):
            refuse(
                HTTPStatus.UNAUTHORIZED,
                "token.missing",
                "send Authorization: Bearer with a token made by POST /v1/pair",
            )
        return caller

    async def _by_token(self, headers: Headers) -> Caller | None:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        if self._admin_token and hmac.compare_digest(shown.encode(), self._admin_token.encode()):
            return Caller("admin", "command line", frozenset({Scope.ADMIN}))
        return await self._tokens.find(shown)

    def _by_cookie(self, request: Request, headers: Headers, origin: str | None) -> Caller | None:
        value = cookie(headers, secure=self._settings.secure)
        if value is None:
            return None
        if request["method"] in WRITES and origin is None:
            refuse(HTTPStatus.FORBIDDEN, "origin.missing", "a page's write bears its Origin")
        return self._sessions.find(value, browser(request, headers))


def _seal(headers: MutableHeaders, allowed: str | None) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.add_vary_header("Origin")
    if allowed:
        headers["access-control-allow-origin"] = allowed


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port: `[::1]:8080` is `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _is_loopback(request: Request) -> bool:
    return ipaddress.ip_address(peer(request)).is_loopback
