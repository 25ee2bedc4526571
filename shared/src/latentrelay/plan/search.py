"""The cheapest fleet that holds a target, and the highest rate that a fleet holds.

More GPUs and fewer jobs never hold less, but for the noise of the simulation: so both can be closed in on.
"""

import heapq
from dataclasses import dataclass

from latentrelay.contracts import StageName
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.outcome import Outcome
from latentrelay.plan.study import Study

FINE = 0.02  # a rate is told to within so much of itself
MOST_DOUBLINGS = 20


def cheapest(study: Study, most: int) -> Fleet | None:
    """The cheapest fleet of at most so many GPUs a stage that holds the target; None where none does.

    Of equally cheap ones, the one with the fewest GPUs.
    """
    start = _least_of_each(study, most)
    if start is None:
        return None
    queue, seen = [_ranked(study, start)], {start}
    while queue:
        *_, fleet = heapq.heappop(queue)
        if study.holds(fleet):
            return fleet
        for more in fleet.neighbours(study.stages):
            if more not in seen and max(more.counts.values()) <= most:
                seen.add(more)
                heapq.heappush(queue, _ranked(study, more))
    return None


def _ranked(study: Study, fleet: Fleet) -> tuple[float, int, tuple[int, ...], Fleet]:
    return (study.prices.of(fleet), fleet.gpus, tuple(fleet.counts.values()), fleet)


def _least_of_each(study: Study, most: int) -> Fleet | None:
    """Of each stage, what is too few however many the others have is left out; None where `most` is too few of all."""
    all_of_them = Fleet.of(dict.fromkeys(study.stages, most))
    if not study.holds(all_of_them):
        return None
    return Fleet.of({stage: _least(study, all_of_them, stage, most) for stage in study.stages})


def _least(study: Study, others: Fleet, stage: StageName, most: int) -> int:
    """Found from below: what cannot keep up costs nothing to tell, and the answer lies close above that."""
    enough = next(count for count in range(1, most + 1) if study.keeps_up(others.having(stage, count)))
    step = 1
    while not study.holds(others.having(stage, enough)):
        enough, step = min(most, enough + step), 2 * step
    too_few = enough - step // 2
    while enough - too_few > 1 and step > 1:
        middle = (enough + too_few) // 2
        enough, too_few = (middle, too_few) if study.holds(others.having(stage, middle)) else (enough, middle)
    return enough


def highest(study: Study, fleet: Fleet) -> float | None:
    """How many times as many jobs an hour `fleet` holds the target for; None where it does for none, or for any."""
    low, high = _bracket(study, fleet)
    if not low or high is None:
        return None
    while high / low > 1 + FINE:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if study.holds(fleet, middle) else (low, middle)
    return low


def _bracket(study: Study, fleet: Fleet) -> tuple[float, float | None]:
    """A factor that is held and one that is not; 0 and None where there is none."""
    held = study.holds(fleet)
    factor, step = 1.0, 2.0 if held else 0.5
    for _ in range(MOST_DOUBLINGS):
        factor *= step
        if study.holds(fleet, factor) is not held:
            return (factor / step, factor) if held else (factor, factor / step)
    return (factor, None) if held else (0.0, factor)


@dataclass(frozen=True)
class Limit:
    """Where a fleet breaks, as the load grows."""

    factor: float
    """How many times the load it holds the target for."""
    beyond: Outcome
    """Of a tenth more than that."""
    stage: StageName
    """That jobs wait for longest there."""


def limit(study: Study, fleet: Fleet) -> Limit | None:
    """None where the fleet holds the target for no load at all, or for any."""
    factor = highest(study, fleet)
    if factor is None:
        return None
    beyond = study.outcome(fleet, 1.1 * factor)
    return Limit(factor, beyond, max(beyond.stages, key=lambda stage: _blame(beyond, stage)))


def _blame(found: Outcome, stage: StageName) -> float:
    """Work that waits for a stage waits there, or before the stage that is not to feed it any more: the busiest one."""
    return found.stages[stage].utilisation
