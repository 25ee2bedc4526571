"""What came of a simulated load, or of a real one: waits, work, and ends. Pure."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from latentrelay.contracts import Priority, StageName
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.journey import Journey, Stay

HOUR = 3600.0
WARM = 0.1
"""The share of jobs, the first ones, that find an empty fleet and count in no figure but the utilisation."""


@dataclass(frozen=True)
class Spread:
    """Of seconds: half, 95 and 99 in a hundred took no longer. Infinite where a job failed."""

    mean: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Spread":
        """Of all these; of none: zeros."""
        ordered = sorted(seconds)
        if not ordered:
            return cls()
        return cls(sum(ordered) / len(ordered), *(at_rank(ordered, part) for part in (0.5, 0.95, 0.99)))


def at_rank(ordered: Sequence[float], part: float) -> float:
    """The least of `ordered` that the share `part` of them does not pass."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


@dataclass(frozen=True)
class StageOutcome:
    """Of one stage."""

    gpus: int
    utilisation: float
    """The share of their time in which its GPUs worked, 0 to 1, with work that was lost."""
    wait: Spread
    """From queued to claimed."""
    work: Spread
    """From the claim to the commit."""


@dataclass(frozen=True)
class Outcome:
    """Of a fleet."""

    fleet: Fleet
    jobs: int
    failed: int
    """Every attempt of theirs was lost or failed."""
    jobs_per_hour: float
    """That succeeded, from the first arrival to the last end."""
    end_to_end: Spread
    """From submitted to succeeded."""
    wait: Spread
    """From submitted to its first claim."""
    handoff: Spread
    """From the base's commit to the refiner's claim."""
    by_priority: Mapping[Priority, Spread]
    """End to end."""
    stages: Mapping[StageName, StageOutcome]


def outcome(jobs: Sequence[Journey], fleet: Fleet, busy_seconds: Mapping[StageName, float]) -> Outcome:
    """Of `jobs`, by the time at which they came, of which none goes on."""
    warm = jobs[int(WARM * len(jobs)) :]
    ends = [job.ended_at for job in jobs if job.ended_at is not None]
    span = max(ends, default=0.0) - (jobs[0].arrival.at if jobs else 0.0)
    return Outcome(
        fleet=fleet,
        jobs=len(jobs),
        failed=len(jobs) - len(ends),
        jobs_per_hour=HOUR * len(ends) / span if span else 0.0,
        end_to_end=Spread.of(map(_took, warm)),
        wait=_spread(warm, lambda stay: not stay.is_handed_on, lambda stay: stay.waited),
        handoff=_spread(warm, lambda stay: stay.is_handed_on, lambda stay: stay.waited),
        by_priority={
            priority: Spread.of(_took(job) for job in those)
            for priority in Priority
            if (those := [job for job in warm if job.arrival.shape.priority is priority])
        },
        stages={
            stage: _stage(warm, stage, gpus, busy_seconds[stage] / (gpus * span) if span else 0.0)
            for stage, gpus in fleet.counts.items()
            if gpus
        },
    )


def _stage(jobs: Sequence[Journey], stage: StageName, gpus: int, utilisation: float) -> StageOutcome:
    def passes(stay: Stay) -> bool:
        return stay.stage is stage

    wait, work = (_spread(jobs, passes, of) for of in (lambda stay: stay.waited, lambda stay: stay.worked))
    return StageOutcome(gpus, utilisation, wait, work)


def _took(job: Journey) -> float:
    return math.inf if job.ended_at is None else job.ended_at - job.arrival.at


def _spread(jobs: Sequence[Journey], counts: Callable[[Stay], bool], of: Callable[[Stay], float]) -> Spread:
    return Spread.of(of(stay) for job in jobs for stay in job.stays if counts(stay))
