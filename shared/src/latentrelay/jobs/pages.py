"""Pages of a listing: jobs come and go while somebody turns them, so a cursor names the last job, not a count."""

import base64
import binascii

from latentrelay.contracts import Job, JobPage
from latentrelay.errors import InvalidRequest

__all__ = ["JobPage", "cursor_after", "read_cursor"]


def cursor_after(job: Job) -> str:
    """Where a listing goes on after `job`."""
    return base64.urlsafe_b64encode(f"{job.created_at.timestamp() * 1000:.0f} {job.id}".encode()).decode()


def read_cursor(cursor: str | None) -> tuple[float, str] | None:
    """The creation and the id of the job that a listing goes on after, or None at its beginning.

    Raises:
        InvalidRequest: the cursor is not one of ours.
    """
    if cursor is None:
        return None
    try:
        score, job_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return float(int(score)), job_id
    except (ValueError, OverflowError, binascii.Error):
        raise InvalidRequest.at("cursor", "is not one that a listing gave") from None
