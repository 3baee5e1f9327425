"""Who asks, and what they may: scopes on routes, as check and as OpenAPI."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, TypedDict

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from posedge.model.errors import DeniedError

BEARER = "bearer"
"""The security scheme's name in the OpenAPI document."""


class Scope(StrEnum):
    """TILL sells; TECHNICIAN looks after the box; METRICS reads figures; DISPLAY reads one display.

    ADMIN is who can read a root-only file on the box itself; it is never granted by pairing.
    """

    TILL = "till"
    TECHNICIAN = "technician"
    METRICS = "metrics"
    DISPLAY = "display"
    ADMIN = "admin"


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Caller:
    """An identified caller; `name` is what it was called when it was paired.

    `holds` says whether it would still be let in: what lasts longer than a request asks it.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    holds: Callable[[], bool] = field(default=_always, compare=False, repr=False)


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["posedge.caller"]  # the gate let nobody else through
    return caller


Asking = Annotated[Caller, Depends(_caller)]


class Guard(TypedDict):
    """Keyword arguments of a route: the check, and what the OpenAPI document says of it."""

    dependencies: list[Dependency]
    openapi_extra: dict[str, Any]


def guard(*scopes: Scope) -> Guard:
    """Let callers pass that hold any one of `scopes`."""

    async def allow(caller: Asking) -> None:
        if caller.scopes.isdisjoint(scopes):
            wanted = " or ".join(scopes)
            raise DeniedError("scope.missing", f"this needs the scope {wanted}: pair again for it")

    return Guard(
        dependencies=[Depends(allow)],
        openapi_extra={"security": [{BEARER: [scope.value]} for scope in scopes]},
    )


PUBLIC = Guard(dependencies=[], openapi_extra={"security": []})
"""A route for everybody; it must be in the gate's list as well."""

TILL = guard(Scope.TILL)
STAFF = guard(Scope.TILL, Scope.TECHNICIAN)
TECHNICIAN = guard(Scope.TECHNICIAN)
PAIRING = guard(Scope.TECHNICIAN, Scope.ADMIN)
DISPLAY = guard(Scope.DISPLAY)
LOOK = guard(Scope.TILL, Scope.TECHNICIAN, Scope.ADMIN)
"""Staff, and the command line."""
PAYING = guard(Scope.TILL, Scope.ADMIN)
"""Card payments, by a till or from the command line."""

CARE = guard(Scope.TECHNICIAN, Scope.ADMIN)
"""What looks after the box, from the page or from the command line."""

FIGURES = guard(Scope.METRICS, Scope.TECHNICIAN)
