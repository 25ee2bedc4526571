"""What happens to all jobs, of one tenant or of everybody, from where a reader stands."""

import re
from dataclasses import dataclass

from latentrelay.errors import InvalidRequest
from latentrelay.events import JobNews
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.happenings import CHUNK, ENTRY_ID
from latentrelay.jobs.record import to_news

BEGINNING = "0-0"
"""Where a reader stands of a stream in which nothing was ever written."""


@dataclass(frozen=True)
class News:
    """Some news in their order, and where their reader stands then."""

    news: tuple[JobNews, ...]
    after: str
    was_reset: bool = False
    """Whether there may have been others that nobody keeps: who wants to know all lists the jobs."""


def news(redis: RedisClient, stream: str, after: str | None) -> News:
    """What was told after the entry `after`, at most the next hundred. Does not wait.

    Who has none, or one that nobody keeps any more, stands where the stream ends, and is told that.

    Raises:
        InvalidRequest: `after` is no event's id.
    """
    if after is not None and re.fullmatch(ENTRY_ID, after) is None:
        raise InvalidRequest.at("after", "must be the id of an event, like 1700000000000-0")
    with redis.pipeline(transaction=True) as pipe:  # one moment: nothing falls between the reads
        pipe.xrange(stream, count=1)
        pipe.xrevrange(stream, count=1)
        pipe.xrange(stream, f"({after or BEGINNING}", count=CHUNK)
        first, last, entries = pipe.execute()
    oldest, newest = (rows[0][0] if rows else None for rows in (first, last))
    if after is None or has_missed(after, oldest, newest):
        return News((), newest or BEGINNING, was_reset=True)
    told = tuple(to_news(entry_id, fields) for entry_id, fields in entries)
    return News(told, told[-1].id if told else after)


def has_missed(after: str, oldest: str | None, newest: str | None) -> bool:
    """Whether there may have been news after `after` that are not in a stream from `oldest` to `newest`. Pure.

    A newest one that is older: Redis came back without the last of what it had.
    """
    if order(after) == order(BEGINNING):
        return False
    if oldest is None or newest is None:
        return True
    return not order(oldest) <= order(after) <= order(newest)


def order(entry_id: str) -> tuple[int, int]:
    """What the ids of a stream are ordered by."""
    moment, _, number = entry_id.partition("-")
    return int(moment), int(number or 0)
