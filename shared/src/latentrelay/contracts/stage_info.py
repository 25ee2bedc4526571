"""A stage as those who run it see it: whether it takes jobs, what waits, and how it fared lately."""

from datetime import datetime
from enum import StrEnum

from latentrelay.contracts.contract import Told
from latentrelay.contracts.words import StageName


class StageState(StrEnum):
    """Whether a stage takes jobs, and whether its workers are given any."""

    OPEN = "open"
    PAUSED = "paused"
    """Its workers are given no job; what they hold they finish. Jobs are accepted and wait."""
    DRAINING = "draining"
    """Jobs that would pass it are refused; those that were accepted are worked off."""


class Spread(Told):
    """How long something took, over some jobs; absent where there was none."""

    p50: float | None = None
    p95: float | None = None


class StageMinute(Told):
    """What a stage did in one minute, by the clock of Redis."""

    at: datetime
    """Its beginning."""
    jobs: int
    compute_p50_seconds: float | None = None
    wait_p50_seconds: float | None = None


class RecentWork(Told):
    """What a stage did in the last quarter of an hour: of up to a hundred jobs a minute how long they took."""

    window_seconds: float
    """From 840 to 900: the fourteen minutes before this one, and what has passed of it."""
    jobs: int
    jobs_per_minute: float
    wait_seconds: Spread
    """From queued for the stage to claimed."""
    compute_seconds: Spread
    """From claimed to committed."""
    handoff_seconds: Spread
    """From the commit of the stage before to the first claim of this one."""
    per_minute: tuple[StageMinute, ...]
    """The oldest first; the last is the one that goes on."""


class StageInfo(Told):
    """One stage: its state, its queue, its workers, and what it did lately."""

    stage: StageName
    state: StageState
    state_since: datetime | None = None
    """Absent where it was never paused or drained."""
    depth: int
    """Jobs that wait for it, with those that are to be tried again in a moment."""
    in_flight: int
    """Jobs that its workers hold."""
    oldest_at: datetime | None = None
    """Since when the job that has waited longest waits."""
    eta_seconds: float | None = None
    """Until a job that comes now would begin; absent where nobody can tell, and while it is paused."""
    workers: int
    """With their model loaded."""
    work_seconds: float | None = None
    """What one worker would take for all that could be claimed now and what is left of what is in flight; absent where
    nobody can tell."""
    recent: RecentWork
