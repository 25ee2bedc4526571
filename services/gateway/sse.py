"""A job's events as server-sent events (the WHATWG's HTML standard, 9.2)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from latentrelay.client import Client
from latentrelay.contracts import Job, JobStatus, QueuePlace
from latentrelay.errors import NotFound, StackUnavailable
from latentrelay.events import EventType, JobEvent
from latentrelay.jobs.entries import BEGINNING
from services.gateway.following import follow, follow_all
from services.gateway.hub import Hub
from services.gateway.views import event_view, news_view

MEDIA_TYPE = "text/event-stream"
PING = b": ping\n\n"
FIRST = b"retry: 2000\n\n"  # milliseconds until a browser that lost us asks again
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter: nginx passes events on at once
RESET = "reset"
QUEUE_SECONDS = 2.0  # between two looks at the place of a job that waits


def frame(name: str, data: str, event_id: str | None = None) -> bytes:
    """One event; only one with an id is where a reader resumes."""
    first = "" if event_id is None else f"id: {event_id}\n"
    return f"{first}event: {name}\ndata: {data}\n\n".encode()


def event_frame(event: JobEvent) -> bytes:
    """Something that happened to a job."""
    return frame(event.type, event_view(event), event.id)


async def narrated(client: Client, hub: Hub, job: Job, after: str) -> AsyncGenerator[bytes, None]:
    """What happened to a job after the event `after`, and what happens, to its end; its place while it waits."""
    yield FIRST
    waits, told = job.status is JobStatus.QUEUED or job.queue is not None, job.queue
    if told is not None:
        yield frame("queue", told.model_dump_json())
    async with aclosing(follow(client, hub, job.id, after, QUEUE_SECONDS)) as events:
        with suppress(NotFound):  # somebody deleted it
            async for event in events:
                if event is not None:
                    waits = event.status is JobStatus.QUEUED or event.type is EventType.STAGE_FINISHED
                    told = told if waits else None
                    yield event_frame(event)
                elif waits and (place := await _place(client, job.id)) not in (None, told):
                    told = place
                    yield frame("queue", place.model_dump_json())


async def told_of_all(client: Client, hub: Hub, after: str | None) -> AsyncGenerator[bytes, None]:
    """What happened to all jobs after the event `after`, and what happens, without end."""
    yield FIRST
    async with aclosing(follow_all(client, hub, after)) as told:
        async for news in told:
            if news.was_reset:  # without an id where there is nothing to resume after: who comes back begins anew
                yield frame(RESET, "{}", None if news.after == BEGINNING else news.after)
            for one in news.news:
                yield frame(one.type, news_view(one), one.id)


async def _place(client: Client, job_id: str) -> QueuePlace | None:
    with suppress(StackUnavailable):
        return (await asyncio.to_thread(client.get, job_id)).queue
    return None
