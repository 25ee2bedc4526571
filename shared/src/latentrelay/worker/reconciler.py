"""Reconciliation: whatever else Redis lost, what records say becomes true again, a few jobs at a time."""

from collections.abc import Iterator

from latentrelay.contracts import JobStatus, StageName
from latentrelay.jobs import Claims, RedisClient, keys

PAGE = 100
MOST_PAGES = 20  # in one turn, while there is something to mend

SETS = (
    keys.index(JobStatus.QUEUED),
    keys.index(JobStatus.RUNNING),
    *map(keys.pending, StageName),
    keys.LEASES,
    keys.DELAYED,
    keys.DEADLINES,
)
RECORDS = keys.job("*")

Page = tuple[int, tuple[str, ...]]


class Reconciler:
    """Walks through the jobs that live, those that something in Redis names, and all records, round and round.

    How far each walk has come is kept in Redis: whoever takes the turn goes on with it.
    """

    def __init__(self, redis: RedisClient, claims: Claims) -> None:
        self._redis = redis
        self._claims = claims

    def turn(self) -> Iterator[str]:
        """Put the jobs of the next pages where their records say; the ids that were elsewhere."""
        for _ in range(MOST_PAGES):
            ids = {job_id for walk in (*SETS, RECORDS) for job_id in self._next(walk)}
            mended = self._claims.place(sorted(ids)) if ids else ()
            yield from mended
            if not mended:
                return

    def _next(self, walk: str) -> tuple[str, ...]:
        cursor = int(self._redis.hget(keys.WALKS, walk) or 0)
        cursor, ids = self._records(cursor) if walk == RECORDS else self._members(walk, cursor)
        self._redis.hset(keys.WALKS, walk, cursor)
        return ids

    def _members(self, key: str, cursor: int) -> Page:
        after, rows = self._redis.zscan(key, cursor, count=PAGE)
        return int(after), tuple(job_id for job_id, _ in rows)

    def _records(self, cursor: int) -> Page:
        after, found = self._redis.scan(cursor, match=RECORDS, count=PAGE)
        return int(after), tuple(key.removeprefix(keys.job("")) for key in found)
