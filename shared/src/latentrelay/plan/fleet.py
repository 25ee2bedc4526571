"""How many GPUs each stage has, and what they cost. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from latentrelay.contracts import StageName


@dataclass(frozen=True)
class Fleet:
    """The GPUs of each stage, one worker on each."""

    base: int = 0
    refiner: int = 0
    variation: int = 0

    @classmethod
    def of(cls, counts: Mapping[StageName, int]) -> Self:
        """So many of each stage; none of others."""
        return cls(*(counts.get(stage, 0) for stage in StageName))

    @property
    def counts(self) -> Mapping[StageName, int]:
        """By stage."""
        return dict(zip(StageName, (self.base, self.refiner, self.variation), strict=True))

    @property
    def gpus(self) -> int:
        """Of all stages."""
        return self.base + self.refiner + self.variation

    def having(self, stage: StageName, count: int) -> "Fleet":
        """The same with `count` of one stage."""
        return Fleet.of({**self.counts, stage: count})

    def and_one(self, stage: StageName, more: int = 1) -> "Fleet":
        """The same with so many more, or fewer, of one stage."""
        return self.having(stage, self.counts[stage] + more)

    def neighbours(self, stages: tuple[StageName, ...]) -> Iterator["Fleet"]:
        """Those with one more of one of `stages`."""
        return (self.and_one(stage) for stage in stages)


@dataclass(frozen=True)
class Prices:
    """What a GPU of each stage costs an hour, in whatever money."""

    base: float = 1.0
    refiner: float = 1.0
    variation: float = 1.0

    def of(self, fleet: Fleet) -> float:
        """Of `fleet` an hour."""
        return self.base * fleet.base + self.refiner * fleet.refiner + self.variation * fleet.variation
