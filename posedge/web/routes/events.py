"""GET /v1/events: the one stream of everything that happens in the shop."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from posedge.web.access import LOOK, Asking
from posedge.web.stream import Streams, wanted

router = APIRouter(tags=["events"])


@router.get("/v1/events", response_class=StreamingResponse, **LOOK)
async def events(
    request: Request,
    asking: Asking,
    after: Annotated[int | None, Query(ge=0)] = None,
    types: str | None = None,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """Server-Sent Events from now on, or behind `after` or Last-Event-ID (which wins).

    `types` is a list such as `scan,weight`. `event: gap` names sequence numbers that are no
    longer held: read anew what depends on them. A comment comes every 15 s when it is quiet. The
    stream ends when the token is revoked.
    """
    streams: Streams = request.app.state.streams
    streams.admit()
    position = after if last_event_id is None else last_event_id
    frames = streams.frames(position, wanted(types), asking.holds)
    return StreamingResponse(frames, media_type="text/event-stream")
