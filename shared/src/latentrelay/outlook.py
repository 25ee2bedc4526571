"""When a job will be done, told from how fast the stages have worked lately. Pure.

A stage hands out its jobs one after the other: with `workers` that need `seconds` for a mean one that waits, one of
them is free every `seconds / workers`. A later stage goes on with what waits for it while the job is still on its way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from latentrelay import cost
from latentrelay.contracts import Artifact, Estimate, Job, JobRequest, Problem, QueuePlace, StageEstimate, StageName
from latentrelay.flow import route

HALF_A_JOB = 0.5  # what a worker that is at work has left of its job, in the mean


@dataclass(frozen=True)
class Pace:
    """How fast a stage has worked lately."""

    seconds_per_unit: float
    """Of work, as `cost.work` counts it."""
    seconds_per_job: float
    """Of a mean job."""


@dataclass(frozen=True)
class StageOutlook:
    """What is known of one stage now."""

    workers: int = 0
    """Alive, with their model loaded."""
    free: int = 0
    """Those of them that have no job."""
    is_paused: bool = False
    """None of its workers is given a job."""
    depth: int = 0
    """Jobs that wait."""
    in_flight: int = 0
    """Jobs that its workers hold."""
    waiting_work: float | None = None
    """Of one of them, in the mean; None: nobody has looked, and it counts as those that were done lately."""
    work_left: float | None = None
    """Of a job that is drawn now, in the mean; None: as above."""
    pace: Pace | None = None
    memory_bytes: int | None = None
    """The most that one of its workers has needed so far."""
    own: cost.Sides | None = None
    """What its model draws where it is not told; None: nobody has said."""

    def waits_seconds(self, before: int) -> float | None:
        """Until a job begins that so many others go before; None where nobody can tell."""
        if self.is_paused:
            return None
        if before < self.free:
            return 0.0
        if not self.workers or self.pace is None:
            return None
        ahead = (before - self.free) * self._seconds(self.waiting_work, self.pace)
        return (ahead + self._left_seconds(self.pace)) / self.workers

    def work_seconds(self, runnable: int) -> float | None:
        """What one worker would take for `runnable` jobs that wait and what is left of those in flight.

        None where nobody can tell: nothing was done yet.
        """
        if not runnable and not self.in_flight:
            return 0.0
        if self.pace is None:
            return None
        return runnable * self._seconds(self.waiting_work, self.pace) + self.in_flight * self._left_seconds(self.pace)

    def _left_seconds(self, pace: Pace) -> float:
        """What is left of a job that is drawn now, in the mean."""
        return HALF_A_JOB * pace.seconds_per_job if self.work_left is None else self._seconds(self.work_left, pace)

    @staticmethod
    def _seconds(work: float | None, pace: Pace) -> float:
        return pace.seconds_per_job if work is None else pace.seconds_per_unit * work

    def works_seconds(self, work: float) -> float | None:
        """How long so much work takes one of its workers; None where there is none, or it has done nothing yet."""
        return self.pace.seconds_per_unit * work if self.workers and self.pace is not None else None


@dataclass(frozen=True)
class Outlook:
    """What is known of all stages at one moment."""

    stages: Mapping[StageName, StageOutlook] = field(default_factory=dict)

    def of(self, stage: StageName) -> StageOutlook:
        """What is known of `stage`."""
        return self.stages.get(stage, StageOutlook())

    def sides(self, request: JobRequest, inputs: Iterable[Artifact] = ()) -> cost.Sides:
        """Of each image of `request`, which reads `inputs`: the first stage that it passes decides."""
        return cost.sides(request, self.of(route(request)[0]).own, inputs)


def seen(outlook: Outlook, waiting: Iterable[Job], drawn: Iterable[Job]) -> Outlook:
    """`outlook`, and the work of jobs that wait for a stage, and what is left of those that are drawn."""
    wait, left = _works(outlook, waiting), _works(outlook, drawn)
    stages = {
        stage: replace(known, waiting_work=_of_waiting(known, wait[stage]), work_left=_mean(left[stage]))
        for stage, known in outlook.stages.items()
    }
    return Outlook(stages)


def _of_waiting(known: StageOutlook, works: Sequence[float]) -> float | None:
    """The mean work of all that wait; those that nobody has looked at count as those that were done lately."""
    unseen = known.depth - len(works)
    if not works or known.pace is None or unseen <= 0:
        return _mean(works)
    return (sum(works) + unseen * known.pace.seconds_per_job / known.pace.seconds_per_unit) / known.depth


def _works(outlook: Outlook, jobs: Iterable[Job]) -> Mapping[StageName, Sequence[float]]:
    """By stage: the work that each job has there still to do."""
    works: dict[StageName, list[float]] = {stage: [] for stage in StageName}
    for job in jobs:
        works[job.stage].append(_left(job) * cost.work(job.request, job.stage, _sides(job, outlook)))
    return works


def _mean(works: Sequence[float]) -> float | None:
    return fmean(works) if works else None


def _sides(job: Job, outlook: Outlook) -> cost.Sides:
    return cost.drawn(job.artifacts) or outlook.sides(job.request, job.inputs)


def _left(job: Job) -> float:
    """The share of its stage that a job has still to do."""
    return 1 - job.progress.step / job.progress.steps if job.progress and job.progress.stage is job.stage else 1.0


def foretold(job: Job, outlook: Outlook) -> Job:
    """`job` with the seconds until its stage begins and until it ends, where they can be told."""
    if job.status.is_terminal:
        return job
    stages = route(job.request)
    sides = _sides(job, outlook)
    later = stages[stages.index(job.stage) :] if job.stage in stages else ()
    works = {stage: cost.work(job.request, stage, sides) for stage in later}
    if job.queue is None:
        return job.model_copy(update={"eta_seconds": _until_end(works, 0.0, outlook, left=_left(job))})
    waits = outlook.of(job.stage).waits_seconds(job.queue.position)
    place = QueuePlace(position=job.queue.position, eta_seconds=rounded(waits))
    return job.model_copy(update={"queue": place, "eta_seconds": _until_end(works, waits, outlook)})


def estimate(
    request: JobRequest, outlook: Outlook, refusal: Problem | None = None, inputs: Iterable[Artifact] = ()
) -> Estimate:
    """What `request`, which reads `inputs`, would cost if it went last in every queue.

    `refusal` is why it would not be taken.
    """
    sides = outlook.sides(request, inputs)
    works = {stage: cost.work(request, stage, sides) for stage in route(request)}
    first = outlook.of(route(request)[0])
    return Estimate(
        accepted=refusal is None,
        refusal=refusal,
        pixels=cost.pixels(request, sides),
        stages=tuple(_stage_estimate(stage, work, outlook) for stage, work in works.items()),
        seconds=_until_end(works, first.waits_seconds(first.depth), outlook),
    )


def _stage_estimate(stage: StageName, work: float, outlook: Outlook) -> StageEstimate:
    known = outlook.of(stage)
    return StageEstimate(
        stage=stage,
        workers=known.workers,
        waits_seconds=rounded(known.waits_seconds(known.depth)),
        seconds=rounded(known.works_seconds(work)),
        memory_bytes=known.memory_bytes,
    )


def _until_end(
    works: Mapping[StageName, float], waits: float | None, outlook: Outlook, *, left: float = 1.0
) -> float | None:
    """When the stages with these works are done, one after the other.

    The first begins after `waits` seconds and has the share `left` still to do.
    """
    seconds = waits
    for place, (stage, work) in enumerate(works.items()):
        known = outlook.of(stage)
        ready = known.waits_seconds(known.depth) if place else 0.0
        own = known.works_seconds(work)
        if seconds is None or ready is None or own is None:
            return None
        seconds = max(seconds, ready) + own * (1.0 if place else left)
    return rounded(seconds)


def rounded(seconds: float | None) -> float | None:
    """To the millisecond."""
    return None if seconds is None else round(seconds, 3)
