"""Teaching a scanner: it scans a code that the box knows, and the box learns how it types."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from posedge.model.lesson import Lesson, Teachable
from posedge.model.value import Value
from posedge.web.access import TECHNICIAN, Asking
from posedge.web.routes.claims import Claiming
from posedge.web.services import Served
from posedge.web.test_code import Form, picture

router = APIRouter(tags=["devices"])


class LessonRequest(Value):
    """How long to wait for the scan of the test code."""

    timeout_s: Annotated[int, Field(ge=1, le=120)] = 60


@router.get(
    "/v1/test-codes/{form}",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
    **TECHNICIAN,
)
async def test_code(form: Form) -> Response:
    """Show the code to learn from: `qr` for imagers, `code128` for lasers. Print it or show it."""
    return Response(picture(form), media_type="image/svg+xml")


@router.post("/v1/devices/{name}/learn", **TECHNICIAN)
async def learn(
    services: Served, claims: Claiming, asking: Asking, name: str, wish: LessonRequest
) -> Lesson:
    """Wait for the scanner's scan of a test code; from then on it is read as it types."""
    claims.check(Teachable, name, asking)
    _, scanner = services.devices.find(Teachable, name)  # type: ignore[type-abstract]
    return await scanner.learn(wish.timeout_s)
