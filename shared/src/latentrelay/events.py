"""What is told of a job: one object for the event stream, live pages and webhooks."""

from datetime import datetime
from enum import StrEnum

from latentrelay.contracts import JobStatus, Problem, Progress, StageName, Told


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
