"""What is known of the stages now, read from Redis: who works, what waits, and how fast it went lately."""

import math
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from latentrelay.contracts import Job, StageName, StageState, WorkerInfo, WorkerState
from latentrelay.cost import Sides
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.record import readable
from latentrelay.jobs.stages import by_stage, standings
from latentrelay.jobs.workers import Workers
from latentrelay.outlook import Outlook, Pace, StageOutlook, seen

FRESH_SECONDS = 1.0
LOOKED_AT = 8  # jobs of each stage whose work is looked at; the others are taken to be like them
SIZE = "([1-9][0-9]{0,4})x([1-9][0-9]{0,4})"  # WIDTHxHEIGHT, as workers tell it
LOADED = frozenset({WorkerState.READY, WorkerState.BUSY, WorkerState.WAITING})


class Outlooks:
    """The newest outlook of one Redis, read again when it is older than a second. Shared by threads.

    One of them reads it; the others take the older one meanwhile, so that a Redis that hangs holds one.
    """

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._workers = Workers(redis)
        self._reading = threading.Lock()
        self._read_at = -FRESH_SECONDS
        self._outlook = Outlook()

    def now(self) -> Outlook:
        """What is known of all stages."""
        if time.monotonic() - self._read_at >= FRESH_SECONDS and self._reading.acquire(blocking=False):
            try:
                self._outlook = self._read()
                self._read_at = time.monotonic()
            finally:
                self._reading.release()
        return self._outlook

    def _read(self) -> Outlook:
        workers = self._workers.list()
        with self._redis.pipeline(transaction=False) as pipe:
            for stage in StageName:
                pipe.zcard(keys.pending(stage))
                pipe.hgetall(keys.pace(stage))
                pipe.zrange(keys.pending(stage), 0, LOOKED_AT - 1)
            pipe.zrange(keys.LEASES, 0, -1)
            pipe.hgetall(keys.STAGES)
            *told, leases, stands = pipe.execute()
        depths, paces, pending = told[::3], told[1::3], told[2::3]
        held, states = by_stage(self._redis, leases), standings(stands)
        outlook = Outlook(
            {
                stage: replace(
                    stage_outlook([worker for worker in workers if worker.stage is stage], depth, pace),
                    in_flight=held[stage],
                    is_paused=states[stage].state is StageState.PAUSED,
                )
                for stage, depth, pace in zip(StageName, depths, paces, strict=True)
            }
        )
        drawn = self._jobs(leases[: len(StageName) * LOOKED_AT])
        return seen(outlook, self._jobs(chain.from_iterable(pending)), drawn)

    def _jobs(self, ids: Iterable[str]) -> Iterator[Job]:
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))
            records = pipe.execute()
        return (job for job in map(readable, filter(None, records)) if job is not None)


def stage_outlook(workers: Sequence[WorkerInfo], depth: int, pace: Mapping[str, str]) -> StageOutlook:
    """What is known of one stage, from its `workers`, the jobs that wait, and its pace as Redis holds it. Pure."""
    loaded = [worker for worker in workers if worker.state in LOADED]
    peaks = [worker.peak_bytes for worker in workers if worker.peak_bytes is not None]
    return StageOutlook(
        workers=len(loaded),
        free=sum(worker.state is WorkerState.READY for worker in loaded),
        depth=depth,
        pace=_pace(pace),
        memory_bytes=max(peaks, default=None),
        own=max(_sizes(workers), key=math.prod, default=None),
    )


def _sizes(workers: Sequence[WorkerInfo]) -> Iterator[Sides]:
    """What their models draw where they are not told, as far as they tell."""
    for worker in workers:
        if told := re.fullmatch(SIZE, worker.model.get("size", "")):
            yield int(told[1]), int(told[2])


def _pace(sums: Mapping[str, str]) -> Pace | None:
    """From what the commit script adds up: jobs, seconds and work, the older the less."""
    if not sums:
        return None
    jobs, seconds, work = (float(sums[name]) for name in ("jobs", "seconds", "work"))
    return Pace(seconds_per_unit=seconds / work, seconds_per_job=seconds / jobs)
