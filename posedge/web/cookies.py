"""The session cookie of the technician's page, as it stands in a request."""

from starlette.datastructures import Headers
from starlette.types import Scope as Request

from posedge.web.sessions import Browser


def cookie_name(*, secure: bool) -> str:
    """Return the session cookie's name; browsers hold `__Host-` ones to TLS and to this host."""
    return "__Host-posedge" if secure else "posedge_session"


def cookie(headers: Headers, *, secure: bool) -> str | None:
    """Return the session cookie's value, if the request bears it.

    Others, which programs on other ports of this host may have set, are of no interest.
    """
    name = cookie_name(secure=secure)
    for part in headers.get("cookie", "").split(";"):
        found, _, value = part.strip().partition("=")
        if found == name:
            return value
    return None


def browser(request: Request, headers: Headers) -> Browser:
    return Browser(peer(request), headers.get("user-agent", ""))


def peer(request: Request) -> str:
    """Return the other side's address; nothing that a header claims counts."""
    return str(request["client"][0]) if request["client"] else ""
