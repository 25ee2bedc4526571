"""Pages of a listing: jobs come and go while somebody turns them, so a cursor names the last job, not a count."""

import re

from latentrelay.contracts import Job, JobPage
from latentrelay.errors import InvalidRequest

__all__ = ["CURSOR", "JobPage", "cursor_after", "read_cursor"]

CURSOR = r"^[0-9]{1,15}\.[A-Za-z0-9_-]{1,64}$"
"""The millisecond in which a job was made, and its id."""


def cursor_after(job: Job) -> str:
    """Where a listing goes on after `job`."""
    return f"{job.created_at.timestamp() * 1000:.0f}.{job.id}"


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
