"""Reconciliation: whatever else Redis lost, what records say becomes true again, a few jobs at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from latentrelay.contracts import JobStatus, StageName
from latentrelay.jobs import Claims, RedisClient, keys

PAGE = 100

Page = tuple[int, tuple[str, ...]]


@dataclass
class Walk:
    """A walk through something long, a page at a time, round and round."""

    page: Callable[[int], Page]
    cursor: int = 0

    def on(self) -> tuple[str, ...]:
        """The next ids."""
        self.cursor, ids = self.page(self.cursor)
        return ids


class Reconciler:
    """Walks through the jobs that live, those that something in Redis names, and all records; each at its own pace."""

    def __init__(self, redis: RedisClient, claims: Claims) -> None:
        self._redis = redis
        self._claims = claims
        self._walks = [Walk(page) for page in self._pages()]

    def turn(self) -> tuple[str, ...]:
        """Put the jobs of the next pages where their records say; the ids that were elsewhere."""
        ids = {job_id for walk in self._walks for job_id in walk.on()}
        return self._claims.place(sorted(ids)) if ids else ()

    def _pages(self) -> Iterator[Callable[[int], Page]]:
        named = (keys.index(JobStatus.QUEUED), keys.index(JobStatus.RUNNING), *map(keys.pending, StageName))
        for key in (*named, keys.LEASES, keys.DELAYED, keys.DEADLINES):
            yield self._members(key)
        yield self._records

    def _members(self, key: str) -> Callable[[int], Page]:
        def page(cursor: int) -> Page:
            after, rows = self._redis.zscan(key, cursor, count=PAGE)
            return after, tuple(job_id for job_id, _ in rows)

        return page

    def _records(self, cursor: int) -> Page:
        found: Any
        after, found = self._redis.scan(cursor, match=keys.job("*"), count=PAGE)
        return after, tuple(key.removeprefix(keys.job("")) for key in found)
