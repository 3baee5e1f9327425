"""Payment terminals: which there are, what each can do, how each is."""

from collections.abc import Sequence

from fastapi import APIRouter

from posedge.terminals.overview import TerminalStatus, asked, overview
from posedge.web.access import LOOK
from posedge.web.services import Served

router = APIRouter(tags=["terminals"])


@router.get("/v1/terminals", **LOOK)
async def terminals(services: Served) -> Sequence[TerminalStatus]:
    """List the payment terminals with what each can do, without asking any."""
    return overview(services.devices)


@router.get("/v1/terminals/{name}", **LOOK)
async def terminal(services: Served, name: str) -> TerminalStatus:
    """Ask a terminal how it is; `says` is its own word."""
    return await asked(services.devices, name)
