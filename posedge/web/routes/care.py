"""What a technician, or the box's own command line, asks when something does not work."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from posedge.devices.recording import Part, parts
from posedge.model.errors import NotFoundError
from posedge.model.value import Value
from posedge.web.access import CARE
from posedge.web.services import Served

router = APIRouter(tags=["care"])


class Asked(Value):
    """`after` names, for each device, the last line that the caller has."""

    after: Annotated[Mapping[str, int], Field(max_length=64)] = Field(
        default_factory=dict[str, int]
    )


class Recorded(Value):
    parts: list[Part]


@router.post("/v1/devices/{name}/recording", **CARE)
async def recording(services: Served, name: str, asked: Asked, *, final: bool = False) -> Recorded:
    """Return what passed a device's links in the last minutes, or those of `all`.

    Card data is masked. What passed in the last two seconds is left out, unless it is `final`.
    """
    now_s = asyncio.get_running_loop().time()
    found = parts(services.devices.tapes, name, asked.after, now_s, final=final)
    if not found:
        raise NotFoundError("device.unknown", f"nothing is recorded of {name!r}: see /v1/devices")
    return Recorded(parts=found)


@router.post(
    "/v1/support",
    response_class=Response,
    responses={200: {"content": {"application/gzip": {}}}},
    **CARE,
)
async def support(services: Served) -> Response:
    """Return a bundle (.tar.gz) that tells somebody far away how the box is: no card, no secret."""
    name = f"posedge-support-{services.clock.now().rfc3339[:19].replace(':', '')}.tar.gz"
    return Response(
        await services.support(),
        media_type="application/gzip",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
