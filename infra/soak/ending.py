"""The end of a soak: what Redis and the store hold, before and after every job was deleted."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from infra.soak.ledger import Ledger
from infra.soak.stack import SoakStack
from latentrelay import Job
from latentrelay.client import Client
from latentrelay.contracts import Phase
from latentrelay.errors import Conflict
from latentrelay.jobs import RedisClient, connect, keys
from latentrelay.jobs.record import to_event

SWEPT_SECONDS = 120.0
GPU_PHASES = (Phase.DENOISE, Phase.DECODE)

# What a stack keeps between jobs: who works, how well, whose turn it is; Celery's bindings and the messages it has not
# missed yet; dead letters.
CONSTANT = (
    *(keys.WORKERS, keys.REAPER, keys.SWEEPER, keys.DEAD, f"{keys.ROOT}reaped_at", keys.STACK, keys.WALKS, keys.STRAYS),
    *(f"{keys.ROOT}successes:", f"{keys.ROOT}afters:", "_kombu.", "unacked"),
    *("sdxl_base", "sdxl_refiner", "unclip_variation"),
)


def note_ending(stack: SoakStack, upload_id: str, ledger: Ledger) -> None:
    """Write the records and what is left over, then delete every job and write which keys remain.

    Args:
        stack: all is calm in it; its workers are ended here.
        upload_id: the one upload that came with no job.
        ledger: where all of it is written.
    """
    redis = connect(stack.direct)
    # every object counts that nobody names, however young
    client = Client(stack.direct.model_copy(update={"orphan_seconds": 0.0}))
    _wait_for_sweepers(client)
    for job in _all(client):
        ledger.note("record", **_record(redis, job))
    held = client.audit().holdings
    left = {name: [key for kind in held for key in getattr(kind, name)] for name in ("orphaned", "missing")}
    stack.stop_workers()
    for job in list(_all(client)):
        with suppress(Conflict):  # it never ended, which the proof will tell
            client.delete(job.id)
    ledger.note("left", **left, leaked=sorted(_leaked(redis, upload_id)))


def _wait_for_sweepers(client: Client) -> None:
    """The workers remove what nobody names, once it is old enough; what is left after that stays."""
    until = time.monotonic() + SWEPT_SECONDS
    while any(held.orphaned for held in client.audit().holdings) and time.monotonic() < until:
        time.sleep(1)


def _all(client: Client) -> Iterator[Job]:
    cursor = None
    while True:
        page = client.list(limit=250, cursor=cursor)
        yield from page.jobs
        cursor = page.next_cursor
        if cursor is None:
            return


def _record(redis: RedisClient, job: Job) -> dict[str, object]:
    # the whole stream, not what a watcher is told: that ends with the first end
    events = [to_event(entry, job.id, fields) for entry, fields in redis.xrange(keys.events(job.id))]
    phases = {f"{timing.stage}/{timing.attempt}": timing.phases for timing in job.metrics.stages}
    return {
        "job_id": job.id,
        "key": job.request.idempotency_key,
        "status": job.status,
        "code": job.error.code if job.error else None,
        "reads": [given.key for given in job.inputs],
        "gpu_seconds": {of: sum(spent.get(phase, 0.0) for phase in GPU_PHASES) for of, spent in phases.items()},
        "events": [
            {"at": _seconds(event.timestamp), "type": event.type, "stage": event.stage, "attempt": event.attempt}
            for event in events
        ],
    }


def _seconds(moment: datetime) -> float:
    return round(moment.timestamp(), 3)


def _leaked(redis: RedisClient, upload_id: str) -> Iterator[str]:
    """Keys that will stay for ever; those with a time to live go by themselves."""
    constant = (*CONSTANT, keys.upload(upload_id), keys.UPLOADS)
    yield from (key for key in redis.scan_iter() if redis.ttl(key) == -1 and not key.startswith(constant))
    yield from (keys.upload(other) for other in redis.zrange(keys.UPLOADS, 0, -1) if other != upload_id)
