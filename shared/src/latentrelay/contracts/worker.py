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
    in_flight: int
    oldest_at: datetime | None = None
    """Since when the job that has waited longest waits."""
    eta_seconds: float | None = None
    """Until a job that comes now would begin, by the rates measured lately; absent where nobody can tell."""
