"""What is due of a sorted set of ids by time."""

from collections.abc import Iterator

from latentrelay.jobs import RedisClient

CHUNK = 100


class Due:
    """The ids of one set whose time has come.

    Each is put off before it is worked on: one that is stuck, or whose sweeper dies over it, is looked at again later
    and never stands before the others.

    Args:
        redis: the client.
        key: the sorted set, by milliseconds.
        age_ms: how old an id must be.
        again_ms: how long one is put off.
    """

    def __init__(self, redis: RedisClient, key: str, age_ms: int, again_ms: int) -> None:
        self._redis = redis
        self._key = key
        self._age_ms = age_ms
        self._again_ms = again_ms

    def take(self, now_ms: int) -> Iterator[str]:
        """Each id that is due, once, the oldest first."""
        latest = now_ms - self._age_ms
        while ids := self._redis.zrange(self._key, "-inf", latest, byscore=True, offset=0, num=CHUNK):
            for found in ids:
                self._redis.zadd(self._key, {found: latest + self._again_ms}, xx=True)
                yield found

    def done(self, found: str) -> None:
        """Nothing is left to be done about this one."""
        self._redis.zrem(self._key, found)
