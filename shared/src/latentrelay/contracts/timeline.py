"""Where the time of one job went, attempt by attempt."""

from datetime import datetime
from enum import StrEnum

from latentrelay.contracts.contract import Told
from latentrelay.contracts.job import Problem
from latentrelay.contracts.words import Phase, StageName


class AttemptOutcome(StrEnum):
    """How an attempt of a stage ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The job ended with it."""
    RETRIED = "retried"
    """It failed, and another attempt may succeed."""
    LOST = "lost"
    """Its worker fell silent."""
    HANDED_BACK = "handed_back"
    """Its worker had to end."""
    REWOUND = "rewound"
    """The store had lost what it was to read: the stage before makes it again."""
    CANCELED = "canceled"


class SpanName(StrEnum):
    """What a job did, or waited for."""

    QUEUED = "queued"
    BASE = "base"
    HANDOFF = "handoff"
    """From one stage's commit to the next one's first claim."""
    REFINER = "refiner"
    VARIATION = "variation"
    UPLOAD = "upload"
    """What an attempt spent on storing, counted back from its end: some of it may have been earlier."""
    WEBHOOK = "webhook"
    """From the event to its delivery, or until it was given up or dropped."""


class PhaseSeconds(Told):
    """How long an attempt spent on one thing."""

    phase: Phase
    seconds: float


class Span(Told):
    """A stretch of a job's time."""

    name: SpanName
    stage: StageName | None = None
    """Absent of webhooks."""
    attempt: int
    started_at: datetime
    ended_at: datetime | None = None
    """Absent while it goes on."""
    phases: tuple[PhaseSeconds, ...] = ()


class StageAttempt(Told):
    """One attempt of one stage, and how it ended."""

    stage: StageName
    attempt: int
    worker: str | None = None
    """Absent where it was made by an earlier release."""
    started_at: datetime
    ended_at: datetime | None = None
    outcome: AttemptOutcome
    error: Problem | None = None


class Timeline(Told):
    """Where the time of one job went, attempt by attempt."""

    job_id: str
    spans: tuple[Span, ...]
    """In the order in which they began."""
    attempts: tuple[StageAttempt, ...]
    """In the order in which they began; of jobs of very many steps, the first ones may be forgotten."""
