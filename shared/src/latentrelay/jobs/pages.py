"""Pages of a listing: jobs come and go while somebody turns them, so a cursor names the last job, not a count."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from latentrelay.contracts import JobPage
from latentrelay.errors import InvalidRequest
from latentrelay.jobs.connection import RedisClient

__all__ = ["CURSOR", "JobPage", "cursor_after", "newest_first", "read_cursor"]


class Listed(Protocol):
    """What is listed."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""


CHUNK = 100  # ids that are read at once

CURSOR = r"^[0-9]{1,15}\.[A-Za-z0-9_-]{1,64}$"
"""The millisecond in which a job was made, and its id."""


def cursor_after(last: Listed) -> str:
    """Where a listing goes on after `last`."""
    return f"{last.created_at.timestamp() * 1000:.0f}.{last.id}"


def read_cursor(cursor: str | None) -> tuple[float, str] | None:
    """The creation and the id of the job that a listing goes on after, or None at its beginning.

    Raises:
        InvalidRequest: the cursor is not one of ours.
    """
    if cursor is None:
        return None
    if re.fullmatch(CURSOR, cursor) is None:
        raise InvalidRequest.at("cursor", "is not one that a listing gave")
    score, _, job_id = cursor.partition(".")
    return float(score), job_id


def newest_first(redis: RedisClient, index: str, cursor: str | None) -> Iterator[list[str]]:
    """The ids in a sorted set by creation, after `cursor`, a few at a time.

    Raises:
        InvalidRequest: the cursor is not one of ours.
    """
    after = read_cursor(cursor)
    last, ties = (after[0], 0) if after else ("+inf", 0)
    while True:
        rows = redis.zrange(index, last, "-inf", desc=True, byscore=True, offset=ties, num=CHUNK, withscores=True)
        yield [job_id for job_id, score in rows if after is None or (score, job_id) < after]
        if len(rows) < CHUNK:
            return
        # go on below the last row, not by a count: jobs come and go while somebody pages
        ties = sum(score == rows[-1][1] for _, score in rows) + (ties if last == rows[-1][1] else 0)
        last = rows[-1][1]
