"""Who is alive: every worker tells its state every few seconds; silence for longer means it is gone."""

from latentrelay.contracts import StageName, WorkerInfo
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient

SILENT_SECONDS = 15


class Workers:
    """The workers of one Redis."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def tell(self, info: WorkerInfo) -> None:
        """Tell that this worker is alive, and how it is."""
        with self._redis.pipeline() as pipe:
            pipe.sadd(keys.WORKERS, info.id)
            pipe.set(keys.worker(info.id), info.model_dump_json(), ex=SILENT_SECONDS)
            pipe.execute()

    def leave(self, worker_id: str) -> None:
        """Tell that this worker is gone."""
        with self._redis.pipeline() as pipe:
            pipe.srem(keys.WORKERS, worker_id)
            pipe.delete(keys.worker(worker_id))
            pipe.execute()

    def list(self) -> tuple[WorkerInfo, ...]:
        """The workers heard of lately, by id."""
        ids = sorted(self._redis.smembers(keys.WORKERS))
        told = self._redis.mget([keys.worker(worker_id) for worker_id in ids]) if ids else []
        silent = [worker_id for worker_id, text in zip(ids, told, strict=True) if not text]
        if silent:
            self._redis.srem(keys.WORKERS, *silent)
        return tuple(WorkerInfo.model_validate_json(text) for text in told if text)

    def count_success(self, stage: StageName) -> int:
        """A worker of `stage` has ended an attempt well; how many have been, of all of them."""
        return int(self._redis.incr(keys.successes(stage)))

    def successes(self, stage: StageName) -> int:
        """How many attempts the workers of `stage` have ended well."""
        return int(self._redis.get(keys.successes(stage)) or 0)
