"""What waits for each stage, for those who look after workers."""

from latentrelay.contracts import StageName
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.scripts import Scripts


class Backlog:
    """The jobs that wait in one Redis, of all tenants."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)

    def runnable(self, stage: StageName, max_waiting_for_next: int) -> int:
        """How many of the jobs that wait for a stage could be claimed now."""
        (count,) = self._scripts.run("runnable", max_waiting_for_next, stage)
        return int(count)

    def first(self, stage: StageName, count: int) -> tuple[tuple[str, int], ...]:
        """The ids and attempts of the `count` jobs that have waited longest."""
        ids = self._redis.zrange(keys.pending(stage), 0, count - 1) if count > 0 else []
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hget(keys.job(job_id), "attempt")
            attempts = pipe.execute()
        return tuple((job_id, int(attempt or 1)) for job_id, attempt in zip(ids, attempts, strict=True))
