"""A job's event stream: followed to its end, or read once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from latentrelay.contracts import JobStatus
from latentrelay.events import EventType, JobEvent
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.entries import CHUNK, check
from latentrelay.jobs.record import to_event

BLOCK_MS = 2000  # below the socket timeout, so that waiting for events is no error
STEPS = (EventType.PROGRESS, EventType.IMAGE_READY)  # told in between, and no moves


@dataclass(frozen=True)
class Happened:
    """Events of a job in their order, and whether none follows."""

    events: tuple[JobEvent, ...]
    is_over: bool


def followed(redis: RedisClient, job_id: str, after: str, has_ended: Callable[[], bool]) -> Iterator[JobEvent | None]:
    """The events after the entry `after`, as they come, to the last; None now and then while none does.

    Raises:
        InvalidRequest: `after` is no event's id.
    """
    check(after)
    ended = has_ended()
    while True:
        answer = redis.xread({keys.events(job_id): after}, count=CHUNK, block=BLOCK_MS)
        for entry_id, fields in answer[0][1] if answer else []:
            after = entry_id
            event = to_event(entry_id, job_id, fields)
            yield event
            if event.type.is_terminal:
                return
        if not answer and ended:  # its last event was lost with a crash, or trimmed
            return
        if not answer:
            yield None
            ended = has_ended()


def happened(redis: RedisClient, job_id: str, after: str) -> tuple[str | None, Happened | None]:
    """The tenant of a job, and what happened after the entry `after`: at most the next hundred events, without waiting.

    None for both where there is no such job.

    Raises:
        InvalidRequest: `after` is no event's id.
    """
    check(after)
    with redis.pipeline(transaction=False) as pipe:  # its status first: what ended it is told by then
        pipe.hmget(keys.job(job_id), "status", "tenant")
        pipe.xrange(keys.events(job_id), f"({after}", count=CHUNK)
        (status, tenant), entries = pipe.execute()
    if status is None:
        return None, None
    events = tuple(to_event(entry_id, job_id, fields) for entry_id, fields in entries)
    told_last = bool(events) and events[-1].type.is_terminal
    none_follows = JobStatus(status).is_terminal and len(events) < CHUNK
    return tenant or "", Happened(events, told_last or none_follows)


def moves(redis: RedisClient, job_id: str) -> tuple[JobEvent, ...]:
    """What is kept of a job's moves, without the progress in between."""
    entries = redis.xrange(keys.events(job_id))
    return tuple(to_event(entry_id, job_id, told) for entry_id, told in entries if told["type"] not in STEPS)
