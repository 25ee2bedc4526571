"""The jobs that come, drawn by chance: from figures that are given, or from jobs that were done lately. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeVar

from latentrelay.contracts import Job, Kind, Priority, RefineMode, StageName, TextToImage
from latentrelay.plan.load import Shape, Way

Word = TypeVar("Word", bound=str)
Shares = Mapping[Word, float]
"""How often each is drawn; they need not add up to anything."""

_WAYS = {Kind.REFINEMENT: Way.REFINEMENT, Kind.VARIATION: Way.VARIATION}


def drawn(shares: Shares[Word], chance: Random) -> Word:
    """One of `shares`."""
    return chance.choices(tuple(shares), tuple(shares.values()))[0]


class Shapes(Protocol):
    """Where shapes come from."""

    def draw(self, chance: Random) -> Shape:
        """The next one."""
        ...


@dataclass(frozen=True)
class Given:
    """Shapes from figures.

    Args:
        seconds: the mean time that each stage works on a job.
        spread: sigma of the lognormal around it, 0 to 2; 0: each takes the mean. One draw counts for all stages of a
            job: one with more images or steps is longer in each of them.
        mix: how often each way is asked for.
        priorities: how often each priority is.
    """

    seconds: Mapping[StageName, float]
    spread: float = 0.0
    mix: Shares[Way] = field(default_factory=lambda: {Way.RELAY: 1.0})
    priorities: Shares[Priority] = field(default_factory=lambda: {Priority.STANDARD: 1.0})

    def draw(self, chance: Random) -> Shape:
        """Its mean is that of the figures, whatever the spread."""
        return self.of(drawn(self.mix, chance), drawn(self.priorities, chance), chance)

    def of(self, way: Way, priority: Priority, chance: Random) -> Shape:
        """A job of this way and priority."""
        size = math.exp(chance.gauss(0, self.spread) - self.spread**2 / 2)
        return Shape(way, {stage: self.seconds[stage] * size for stage in way.route}, priority)


@dataclass(frozen=True)
class Measured:
    """Shapes of jobs that were done lately, each as likely: so their mix and how their stages go together are kept."""

    shapes: Sequence[Shape]

    def draw(self, chance: Random) -> Shape:
        """One of them."""
        return chance.choice(self.shapes)


def measured(jobs: Iterable[Job]) -> list[Shape]:
    """The shapes of those of `jobs` whose every stage told how long it took."""
    shapes = (_shape(job) for job in jobs)
    return [shape for shape in shapes if shape.seconds.keys() == set(shape.way.route)]


def _shape(job: Job) -> Shape:
    seconds = {timing.stage: timing.duration.total_seconds() for timing in job.metrics.stages}
    return Shape(_way(job), seconds, job.request.priority)


def _way(job: Job) -> Way:
    if isinstance(job.request, TextToImage):
        return Way.BASE if job.request.refine.mode is RefineMode.NONE else Way.RELAY
    return _WAYS[job.kind]
