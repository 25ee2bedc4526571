"""What waits to be told, of all endpoints."""

from collections.abc import Iterator
from itertools import islice

from latentrelay.contracts import WebhookBacklog
from latentrelay.jobs import RedisClient, clock, keys
from latentrelay.jobs.record import moment

PAGE = 500  # endpoints that are asked for at once


def backlog(redis: RedisClient) -> WebhookBacklog:
    """What waits now."""
    outbox, in_flight = redis.xlen(keys.OUTBOX), redis.zcard(keys.FLIGHT)
    now_ms = clock.now(redis).timestamp() * 1000
    waiting = [*_waiting(redis, now_ms)]
    oldest = min((due for _, due in waiting if due is not None and due <= now_ms), default=None)
    return WebhookBacklog(
        outbox=outbox,
        pending=sum(count for count, _ in waiting),
        in_flight=in_flight,
        oldest_due_at=moment(None if oldest is None else str(round(oldest))),
    )


def _waiting(redis: RedisClient, now_ms: float) -> Iterator[tuple[int, float | None]]:
    """Of each endpoint how many messages wait, and since when the first is due, where it may be sent to now."""
    ids = iter(redis.zrange(keys.ENDPOINTS, 0, -1))
    while some := tuple(islice(ids, PAGE)):
        with redis.pipeline(transaction=False) as pipe:
            for endpoint_id in some:
                pipe.hmget(keys.endpoint(endpoint_id), "enabled", "spared_until", "asked_until")
                pipe.zcard(keys.due(endpoint_id))
                pipe.zrange(keys.due(endpoint_id), 0, 0, withscores=True)
            told = pipe.execute()
        rows = [*zip(some, told[::3], told[1::3], told[2::3], strict=True)]
        for _, (enabled, *spared), count, first in rows:
            may_be_sent = enabled == "1" and all(float(until or 0) <= now_ms for until in spared)
            yield count, first[0][1] if first and may_be_sent else None
        if forgotten := [endpoint_id for endpoint_id, (enabled, *_), _, _ in rows if enabled is None]:
            redis.zrem(keys.ENDPOINTS, *forgotten)  # origins that nobody names any more
