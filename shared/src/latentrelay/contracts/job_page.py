"""A page of a listing."""

from dataclasses import dataclass

from latentrelay.contracts.job import Job


@dataclass(frozen=True)
class JobPage:
    """Some jobs, newest first, and where the next page begins."""

    jobs: tuple[Job, ...]
    next_cursor: str | None
