"""A worker as those who list workers see it."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from latentrelay.contracts.contract import Told
from latentrelay.contracts.words import Phase, StageName


class WorkerState(StrEnum):
    """`loading -> ready <-> busy <-> waiting`, then `draining`; `failed` where the model or the device cannot serve."""

    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    WAITING = "waiting"
    """It holds a job, and Redis or the store does not answer."""
    DRAINING = "draining"
    """It was told to end: it ends its job and takes no other."""
    FAILED = "failed"

    @property
    def takes_jobs(self) -> bool:
        """Whether it has its model, and jobs reach it."""
        return self in (WorkerState.READY, WorkerState.BUSY)


class WorkerInfo(Told):
    """A worker process of one stage."""

    id: str
    stage: StageName
    state: WorkerState
    host: str
    pid: int
    model: dict[str, str] = Field(default_factory=dict)
    """The model served: its name, revision, dtype, device, and the size (WIDTHxHEIGHT) that it draws unasked."""
    peak_bytes: int | None = None
    """The most memory that it has needed so far, on its device."""
    memory_bytes: int | None = None
    """The memory that it holds now, on its device."""
    detail: str | None = None
    """Why it failed, or what it waits for."""
    metrics_url: str | None = None
    """Where it tells its metrics."""
    started_at: datetime | None = None
    busy_since: datetime | None = None
    """Since when it has the job that it has; absent: it has none."""
    busy_seconds: float = 0.0
    """For so long it has had jobs since it started."""
    job_id: str | None = None
    """Of the job that it has; absent, too, where that is not the caller's to see."""
    step: int | None = None
    """Of that job, over all its images; absent before the first one."""
    steps: int | None = None
    phase: Phase | None = None
    """What it spends its time on."""


class QueueInfo(Told):
    """The queue of one stage: jobs that wait and jobs that are worked on."""

    stage: StageName
    depth: int
    """Jobs that wait for it, with those that are to be tried again in a moment."""
    in_flight: int
    """Jobs that its workers hold."""
    oldest_at: datetime | None = None
    """Since when the job that has waited longest waits."""
    eta_seconds: float | None = None
    """Until a job that comes now would begin, by the rates measured lately; absent where nobody can tell."""
    work_seconds: float | None = None
    """What one worker would take for all that could be claimed now and what is left of what is in flight; absent as
    above."""
