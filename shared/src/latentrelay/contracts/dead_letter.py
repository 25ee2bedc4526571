"""What nobody could finish, kept with its reason."""

from datetime import datetime
from enum import StrEnum

from latentrelay.contracts.contract import Told
from latentrelay.contracts.job import Problem
from latentrelay.contracts.words import StageName


class DeadKind(StrEnum):
    """A job that used up its attempts, or a message that nobody can read."""

    JOB = "job"
    MESSAGE = "message"


class DeadLetter(Told):
    """A job that used up its attempts, or a message that nobody can read, with the reason."""

    id: str
    at: datetime
    what: DeadKind
    job_id: str | None = None
    stage: StageName | None = None
    """In which the job used up its attempts."""
    attempt: int | None = None
    problem: Problem | None = None
    """Why the last attempt failed."""
    queue: str | None = None
    """From which the message came."""
    reason: str | None = None
    """Why nobody can read the message."""
    excerpt: str | None = None
    """How the message begins."""
