"""What happens to all jobs, live (SSE)."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from latentrelay.events import EventType
from services.gateway import sse
from services.gateway.access import Reader, documented, gateway_of
from services.gateway.revocation import while_admitted
from services.gateway.routes.events import EVENT, EVENT_ID
from services.gateway.streaming import Streamed, lively

router = APIRouter(prefix="/v1/events", tags=["jobs"])

STREAM = {
    "description": "Each event's `data` is a JobNews. `reset` has none: others may have come before; list the jobs.",
    "content": {
        sse.MEDIA_TYPE: {
            "schema": {
                **EVENT,
                "properties": {
                    **EVENT["properties"],
                    "event": {"type": "string", "enum": [*EventType, sse.RESET]},
                },
            }
        }
    },
}


@router.get("", response_class=Response, responses={200: STREAM, **documented()})
async def feed(
    request: Request,
    caller: Reader,
    last_event_id: Annotated[str, Header(pattern=EVENT_ID, description="Begin after this event.")] = "",
) -> Response:
    """What happens to all jobs of the caller, or of everybody for an admin, as server-sent events, without end."""
    gateway = gateway_of(request)
    frames = sse.told_of_all(caller.client, gateway.hub, last_event_id or None)
    return Streamed(
        while_admitted(gateway, caller, lively(frames, gateway.settings.ping_seconds, sse.PING)),
        patience=gateway.settings.reader_seconds,
        media_type=sse.MEDIA_TYPE,
        headers=sse.HEADERS,
    )
