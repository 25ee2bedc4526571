"""What is told of a job: one object for the event stream, live pages and webhooks."""

from datetime import datetime
from enum import StrEnum

from latentrelay.contracts import AttemptOutcome, JobStatus, Kind, Problem, Progress, StageName, Told


class EventType(StrEnum):
    """Exactly one of the last four ends a job's stream."""

    QUEUED = "job.queued"
    STARTED = "job.started"
    STAGE_STARTED = "job.stage_started"
    STAGE_FINISHED = "job.stage_finished"
    PROGRESS = "job.progress"
    IMAGE_READY = "job.image_ready"
    RETRIED = "job.retried"
    CANCEL_REQUESTED = "job.cancel_requested"
    SUCCEEDED = "job.succeeded"
    FAILED = "job.failed"
    CANCELED = "job.canceled"
    EXPIRED = "job.expired"

    @property
    def is_terminal(self) -> bool:
        """No event of the job follows."""
        return self in (EventType.SUCCEEDED, EventType.FAILED, EventType.CANCELED, EventType.EXPIRED)


class JobEvent(Told):
    """Something that happened to a job. `id` orders the job's stream and resumes it."""

    id: str
    type: EventType
    job_id: str
    timestamp: datetime
    sequence: int
    status: JobStatus
    attempt: int
    stage: StageName | None = None
    progress: Progress | None = None
    error: Problem | None = None
    """Why the job ended badly, or why an attempt is made again."""
    worker: str | None = None
    """Who begins an attempt."""
    outcome: AttemptOutcome | None = None
    """How an attempt ended that is made again, or that was the last."""


class JobNews(Told):
    """The same, thin, for those who watch all jobs. `id` orders what they are told and resumes it."""

    id: str
    type: EventType
    job_id: str
    kind: Kind
    at: datetime
    sequence: int
    status: JobStatus
    stage: StageName | None = None
    attempt: int
    progress: Progress | None = None
