"""Plays a load to real echo workers: each stage of a job takes the time that its shape says."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, median

from latentrelay import Job, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import StageTiming
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.load import Arrival, Shape, Way
from latentrelay.plan.outcome import Spread
from latentrelay.plan.rules import Rules

STEPS = 4
WARM_JOBS = 4  # a GPU
MOST_SECONDS = 300.0


@dataclass(frozen=True)
class Overhead:
    """What real workers need beside the time that a stage is asked to take, in seconds."""

    of: Mapping[StageName, float]
    """More than asked, from the claim to the commit."""
    pause: float
    """From the end of a job to the next claim."""

    def added_to(self, arrivals: Iterable[Arrival]) -> list[Arrival]:
        """The jobs as the simulation is to know them."""
        return [replace(one, shape=self._longer(one.shape)) for one in arrivals]

    def within(self, rules: Rules) -> Rules:
        """`rules` with the pause as it was measured."""
        return replace(rules, pause_seconds=self.pause)

    def _longer(self, shape: Shape) -> Shape:
        return replace(shape, seconds={stage: seconds + self.of[stage] for stage, seconds in shape.seconds.items()})


def request(shape: Shape) -> TextToImage:
    """What an echo worker does for as long as `shape` says."""
    times = {f"{stage}_step_seconds": f"{seconds / STEPS:.4f}" for stage, seconds in shape.seconds.items()}
    mode = RefineMode.ENSEMBLE if shape.way is Way.RELAY else RefineMode.NONE
    metadata = {"steps": str(STEPS), **times}
    return TextToImage(prompt="x", refine=Refine(mode=mode), priority=shape.priority, metadata=metadata)


def overhead(client: Client, shape: Shape, fleet: Fleet) -> Overhead:
    """Measured by jobs of one shape that come at once: so many that the slowest stage is never without."""
    jobs = replay(client, [Arrival(0, shape)] * (WARM_JOBS * fleet.gpus))
    timings = {
        stage: [told for job in jobs for told in job.metrics.stages if told.stage is stage] for stage in StageName
    }
    more = {
        stage: fmean(told.duration.total_seconds() for told in timings[stage]) - asked
        for stage, asked in shape.seconds.items()
    }
    return Overhead(more, min(_gap(timings[stage], fleet.counts[stage]) for stage in shape.seconds))


def _gap(timings: Iterable[StageTiming], gpus: int) -> float:
    """From the end of a job to the next claim of the same worker: `gpus` claims came before the first end."""
    told = list(timings)
    starts, ends = sorted(one.started_at for one in told), sorted(one.finished_at for one in told)
    return median((start - end).total_seconds() for start, end in zip(starts[gpus:], ends, strict=False))


def replay(client: Client, arrivals: Iterable[Arrival]) -> list[Job]:
    """Submit each job when it is due, and wait for all of them."""
    began, ids = time.monotonic(), list[str]()
    for one in arrivals:
        time.sleep(max(0.0, began + one.at - time.monotonic()))
        ids.append(client.submit(request(one.shape)).id)
    return [_ended(client, job_id) for job_id in ids]


def _ended(client: Client, job_id: str) -> Job:
    return client.wait(job_id, timeout=MOST_SECONDS)


def end_to_end(jobs: Iterable[Job]) -> Spread:
    """From submitted to ended."""
    return Spread.of((job.completed_at - job.created_at).total_seconds() for job in jobs if job.completed_at)


def waited(jobs: Iterable[Job], stage: StageName) -> Spread:
    """From queued for `stage` to claimed."""
    timings = (timing for job in jobs for timing in job.metrics.stages)
    return Spread.of(timing.waited.total_seconds() for timing in timings if timing.stage is stage)
