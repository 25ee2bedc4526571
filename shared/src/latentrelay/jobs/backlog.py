"""What waits for each stage, and what is worked on: for those who look after workers, and for those who watch."""

from collections.abc import Sequence
from datetime import UTC, datetime

from latentrelay.contracts import StageName
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.scripts import Scripts


class Backlog:
    """The jobs that wait in one Redis, of all tenants."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)

    def depth(self, stage: StageName) -> int:
        """How many jobs wait for a stage."""
        return int(self._redis.zcard(keys.pending(stage)))

    def oldest_at(self, stage: StageName) -> datetime | None:
        """Since when the job that has waited longest for a stage waits; None where nobody waits."""
        oldest = self._redis.zrange(keys.pending(stage), 0, 0, withscores=True)
        return datetime.fromtimestamp(oldest[0][1] / 1_000_000, UTC) if oldest else None

    def runnable(self, stage: StageName, max_waiting_for_next: int) -> int:
        """How many of the jobs that wait for a stage could be claimed now."""
        return int(self._scripts.run("runnable", stage, max_waiting_for_next))

    def first(self, stage: StageName, count: int) -> tuple[tuple[str, int], ...]:
        """The ids and attempts of the `count` jobs that have waited longest."""
        ids = self._redis.zrange(keys.pending(stage), 0, count - 1) if count > 0 else []
        return tuple(zip(ids, map(int, self._fields(ids, "attempt")), strict=True))

    def in_flight(self, stage: StageName) -> int:
        """How many jobs of a stage are held by workers."""
        return self._fields(self._redis.zrange(keys.LEASES, 0, -1), "stage").count(stage)

    def _fields(self, job_ids: Sequence[str], name: str) -> list[str]:
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(keys.job(job_id), name)
            return [value or "1" for value in pipe.execute()]
