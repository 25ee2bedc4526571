"""One load and one target, held against as many fleets as are asked about. Each is simulated with the same jobs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from latentrelay.contracts import Priority, StageName
from latentrelay.plan.fleet import Fleet, Prices
from latentrelay.plan.load import Arrivals, faster, passed, per_second
from latentrelay.plan.outcome import Outcome, Spread
from latentrelay.plan.rules import Mishaps, Rules
from latentrelay.plan.simulate import simulate


@dataclass(frozen=True)
class Target:
    """What a fleet is to hold."""

    p95: float
    """Seconds from submitted to succeeded, of 95 in a hundred jobs."""
    of: Priority | None = None
    """Of jobs of this priority; None: of all."""

    def spread(self, found: Outcome) -> Spread:
        """Of the jobs that count."""
        return found.end_to_end if self.of is None else found.by_priority.get(self.of, Spread())

    def held_by(self, found: Outcome) -> bool:
        """Whether it is held."""
        return self.spread(found).p95 <= self.p95


@dataclass(frozen=True)
class Study:
    """What is asked: these jobs, by these rules, within this target, at these prices."""

    arrivals: Arrivals
    target: Target
    rules: Rules = field(default_factory=Rules)
    mishaps: Mishaps = field(default_factory=Mishaps)
    prices: Prices = field(default_factory=Prices)
    seed: int = 1
    goes_on: bool = True
    """Whether more of the same comes after the jobs that are simulated: a trace ends where it ends."""
    _known: dict[tuple[Fleet, float], Outcome] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def stages(self) -> tuple[StageName, ...]:
        """Those that the jobs pass."""
        return passed(self.arrivals)

    @property
    def per_second(self) -> float:
        """How many jobs come."""
        return per_second(self.arrivals)

    def outcome(self, fleet: Fleet, factor: float = 1.0) -> Outcome:
        """What becomes of the jobs, or of `factor` times as many in an hour."""
        known = self._known.get((fleet, factor))
        if known is None:
            known = simulate(faster(self.arrivals, factor), fleet, self.rules, self.mishaps, self.seed)
            self._known[fleet, factor] = known
        return known

    def holds(self, fleet: Fleet, factor: float = 1.0) -> bool:
        """Whether `fleet` holds the target."""
        return self.keeps_up(fleet, factor) and self.target.held_by(self.outcome(fleet, factor))

    def keeps_up(self, fleet: Fleet, factor: float = 1.0) -> bool:
        """Whether `fleet` has the time for all that comes: else what waits grows for as long as it comes."""
        return not self.goes_on or all(
            fleet.counts[stage] * self.mishaps.presence > factor * self.per_second * seconds
            for stage, seconds in self.work_seconds.items()
        )

    @property
    def work_seconds(self) -> Mapping[StageName, float]:
        """What a job takes of the GPUs of each stage, in the mean over all jobs, with what goes wrong."""
        sums = dict.fromkeys(self.stages, 0.0)
        for one in self.arrivals:
            for stage, seconds in one.shape.seconds.items():
                sums[stage] += self.mishaps.worked(seconds + self.rules.pause_seconds, self.rules.max_attempts)
        return {stage: total / len(self.arrivals) for stage, total in sums.items()}

    def price_per_thousand(self, found: Outcome) -> float:
        """What a thousand jobs cost on a fleet that is paid for whether or not it works."""
        hours = 1000 / found.jobs_per_hour if found.jobs_per_hour else math.inf
        return self.prices.of(found.fleet) * hours
