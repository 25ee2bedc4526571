"""A job's events, live (SSE)."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool

from latentrelay.client import Client
from latentrelay.contracts import Job
from latentrelay.events import EventType
from services.gateway import sse
from services.gateway.access import Reader, documented, gateway_of
from services.gateway.parameters import JobId
from services.gateway.revocation import while_admitted
from services.gateway.streaming import Streamed, lively

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

EVENT_ID = r"^([0-9]{1,19}(-[0-9]{1,19})?)?$"
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "Resumes after it, as `Last-Event-ID`."},
        "event": {"type": "string", "enum": [*EventType, "queue"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
STREAM = {
    "description": "Each event's `data` is a JobEvent; those named `queue` have a QueuePlace, and no id.",
    "content": {sse.MEDIA_TYPE: {"schema": EVENT}},
}
OVER = {"description": "The job has ended, and nothing follows that event: a browser does not ask again."}


@router.get("/{job_id}/events", response_class=Response, responses={200: STREAM, 204: OVER, **documented(404)})
async def events(
    request: Request,
    caller: Reader,
    job_id: JobId,
    last_event_id: Annotated[str, Header(pattern=EVENT_ID, description="Begin after this event.")] = "",
) -> Response:
    """What happened to a job and what happens, to its end, as server-sent events."""
    gateway = gateway_of(request)
    job = await run_in_threadpool(caller.client.get, job_id)
    if await run_in_threadpool(_is_over, caller.client, job, last_event_id):
        return Response(status_code=204)
    frames = sse.narrated(caller.client, gateway.hub, job, last_event_id or "0")
    return Streamed(
        while_admitted(gateway, caller, lively(frames, gateway.settings.ping_seconds, sse.PING)),
        patience=gateway.settings.reader_seconds,
        media_type=sse.MEDIA_TYPE,
        headers=sse.HEADERS,
    )


def _is_over(client: Client, job: Job, last_event_id: str) -> bool:
    """Whether who has read so far has read all there will be."""
    return bool(last_event_id) and job.status.is_terminal and not client.happened(job.id, last_event_id).events
