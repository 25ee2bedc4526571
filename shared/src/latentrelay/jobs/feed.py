"""What happens to all jobs, of one tenant or of everybody, from where a reader stands."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latentrelay.errors import InvalidRequest
from latentrelay.events import JobNews
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.entries import BEGINNING, CHUNK, check, order
from latentrelay.jobs.record import Fields, to_news

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """Some news in their order, and where their reader stands then."""

    news: tuple[JobNews, ...]
    after: str
    was_reset: bool = False
    """Whether there may have been others that nobody keeps: who wants to know all lists the jobs."""


def news(redis: RedisClient, stream: str, after: str | None) -> News:
    """What was told after the entry `after`, at most the next hundred. Does not wait.

    Who has none, or one that nobody keeps any more, stands where the stream ends, and is told that. So is who stands at
    the beginning and finds so much that some of it may be gone.

    Raises:
        InvalidRequest: `after` is no event's id.
    """
    if after is not None:
        check(after)
    with redis.pipeline(transaction=True) as pipe:  # one moment: nothing falls between the reads
        pipe.xrange(stream, count=1)
        pipe.xrevrange(stream, count=1)
        pipe.xrange(stream, f"({after or BEGINNING}", count=CHUNK)
        first, last, entries = pipe.execute()
    oldest, newest = (rows[0][0] if rows else None for rows in (first, last))
    if after is None or has_missed(after, oldest, newest, are_many=len(entries) == CHUNK):
        return News((), newest or BEGINNING, was_reset=True)
    return News(tuple(_readable(entries)), entries[-1][0] if entries else after)


def has_missed(after: str, oldest: str | None, newest: str | None, *, are_many: bool = False) -> bool:
    """Whether there may have been news after `after` that are not in a stream from `oldest` to `newest`. Pure.

    A newest one that is older: Redis came back without the last of what it had.

    Args:
        after: where the reader stands.
        oldest: the first that is kept; None: there is none.
        newest: the last.
        are_many: whether as many follow as are read at once: of very many, the first are not kept.
    """
    if order(after) == order(BEGINNING):
        return are_many
    if oldest is None or newest is None:
        return True
    return not order(oldest) <= order(after) <= order(newest)


def _readable(entries: Iterable[tuple[str, Fields]]) -> Iterator[JobNews]:
    """One that this release cannot read must not hide the others."""
    for entry_id, fields in entries:
        try:
            yield to_news(entry_id, fields)
        except (InvalidRequest, ValueError, KeyError):
            log.warning("unreadable news", extra={"entry": entry_id})
