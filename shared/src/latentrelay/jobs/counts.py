"""How many jobs there are, and how they ended lately; of all tenants."""

from dataclasses import dataclass
from datetime import datetime

from latentrelay.contracts import EndedJobs, FailureCount, JobStatus, LiveJobs
from latentrelay.jobs import clock, keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.recent import ended_jobs, minutes_until


@dataclass(frozen=True)
class Counts:
    """How many jobs there are, and how they ended lately."""

    at: datetime
    live: LiveJobs
    ended: EndedJobs
    failures: tuple[FailureCount, ...]
    dead_letters: int


def counts(redis: RedisClient) -> Counts:
    """What Redis counts now."""
    now = clock.now(redis)
    with redis.pipeline(transaction=False) as pipe:
        pipe.zcard(keys.index(JobStatus.QUEUED))
        pipe.zcard(keys.index(JobStatus.RUNNING))
        pipe.xlen(keys.DEAD)
        for minute in minutes_until(now):
            pipe.hgetall(keys.ended(minute))
        queued, running, dead, *minutes = pipe.execute()
    ended, failures = ended_jobs(minutes, now)
    return Counts(now, LiveJobs(queued=queued, running=running), ended, failures, dead)
