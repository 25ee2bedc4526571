"""What comes: jobs, when they come, the stages that they pass, and how long each stage works on them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from latentrelay.contracts import Priority, StageName


class Way(StrEnum):
    """What a job asks for, by the stages that it passes."""

    RELAY = "relay"
    BASE = "base"
    REFINEMENT = "refinement"
    VARIATION = "variation"

    @property
    def route(self) -> tuple[StageName, ...]:
        """The stages, in order; as `flow.route` has them."""
        return _ROUTES[self]


_ROUTES = {
    Way.RELAY: (StageName.SDXL_BASE, StageName.SDXL_REFINER),
    Way.BASE: (StageName.SDXL_BASE,),
    Way.REFINEMENT: (StageName.SDXL_REFINER,),
    Way.VARIATION: (StageName.UNCLIP_VARIATION,),
}


@dataclass(frozen=True)
class Shape:
    """A job without its moment: its way, its priority, and the seconds that each stage works on it."""

    way: Way
    seconds: Mapping[StageName, float]
    priority: Priority = Priority.STANDARD

    @property
    def rank(self) -> int:
        """0 goes first, as in the lanes."""
        return tuple(Priority).index(self.priority)


@dataclass(frozen=True)
class Arrival:
    """A job that comes `at` so many seconds after the first one could."""

    at: float
    shape: Shape
    tenant: str = "default"


Arrivals = Sequence[Arrival]
"""By the time at which they come."""


def per_second(arrivals: Arrivals) -> float:
    """The mean rate from the first to the last of several jobs; of one moment: as if they came within a second."""
    return (len(arrivals) - 1) / ((arrivals[-1].at - arrivals[0].at) or 1.0)


def faster(arrivals: Arrivals, factor: float) -> Arrivals:
    """The same jobs in the same order, `factor` times as many in an hour."""
    return arrivals if factor == 1 else [replace(one, at=one.at / factor) for one in arrivals]


def passed(arrivals: Arrivals) -> tuple[StageName, ...]:
    """The stages that any of the jobs passes."""
    used = {stage for way in {one.shape.way for one in arrivals} for stage in way.route}
    return tuple(stage for stage in StageName if stage in used)
