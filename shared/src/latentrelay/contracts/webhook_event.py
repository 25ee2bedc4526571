"""What a webhook receiver is sent: who, what, when; never pixels, prompts or links that open without a key."""

from datetime import datetime

from pydantic import Field

from latentrelay.contracts.contract import Told
from latentrelay.contracts.job import JobMetrics, Problem, Progress
from latentrelay.contracts.words import JobStatus, Kind, WebhookEventType


class WebhookOutput(Told):
    """One image that the job has made."""

    index: int
    media_type: str
    width: int | None = None
    height: int | None = None
    bytes: int
    sha256: str
    href: str
    """Where the gateway has it, as a path; an API key is needed."""


class WebhookData(Told):
    """The job as it stood at the event."""

    job_id: str
    kind: Kind
    status: JobStatus
    sequence: int
    """Grows with every move; an event of a lower sequence is older, whenever it arrives."""
    client_reference: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: Progress | None = None
    """Of job.progress alone."""
    error: Problem | None = None
    """Why it ended badly."""
    outputs: tuple[WebhookOutput, ...] = ()
    """Final images that are ready, by index."""
    metrics: JobMetrics = JobMetrics.model_construct()


class WebhookEvent(Told):
    """The body of a webhook, at most 20 kB. The same bytes are sent at every attempt."""

    type: WebhookEventType
    timestamp: datetime
    """When it happened."""
    data: WebhookData
