"""Shapes of load and fleet, and what was predicted of each beside what real workers did."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.capacity.replay import end_to_end, overhead, replay, waited
from infra.capacity.stack import running
from latentrelay import StageName
from latentrelay.client import Client
from latentrelay.plan.arrivals import arrivals
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.load import Shape, Way
from latentrelay.plan.outcome import WARM, Spread
from latentrelay.plan.rules import Rules
from latentrelay.plan.shapes import Given
from latentrelay.plan.simulate import simulate

BASE, REFINER, _ = StageName
TOLERANCE = 0.15
"""The p95 that was predicted may be off by so much of the measured one."""


@dataclass(frozen=True)
class Case:
    """One load on one fleet."""

    name: str
    fleet: Fleet
    seconds: Mapping[StageName, float]
    per_second: float
    jobs: int
    spread: float = 0.3
    max_waiting: int = 200
    seed: int = 3


CASES = (
    Case("balanced", Fleet(3, 2), {BASE: 2.0, REFINER: 1.2}, 1.15, 100),
    Case("the refiner is the narrow place", Fleet(3, 1), {BASE: 1.5, REFINER: 1.0}, 1.0, 80, max_waiting=4),
    Case("the base is the narrow place", Fleet(2, 2), {BASE: 2.0, REFINER: 0.8}, 0.9, 80),
)


@dataclass(frozen=True)
class Compared:
    """What was predicted, and what was measured; the first tenth of the jobs counts in neither."""

    case: Case
    predicted: Spread
    measured: Spread
    handoff: tuple[Spread, Spread]
    """Predicted, and measured."""

    @property
    def ratio(self) -> float:
        """Of the predicted p95 to the measured one."""
        return self.predicted.p95 / self.measured.p95

    @property
    def is_close(self) -> bool:
        """Whether the prediction is good enough to buy GPUs by."""
        return abs(self.ratio - 1) <= TOLERANCE


def compare(client: Client, case: Case, rules: Rules) -> Compared:
    """The same jobs, at the same moments, simulated and done; stage times are measured by other jobs before."""
    found = overhead(client, Shape(Way.RELAY, case.seconds), case.fleet)
    jobs = arrivals(Given(case.seconds, case.spread), case.per_second, case.jobs, seed=case.seed)
    told = simulate(found.added_to(jobs), case.fleet, found.within(rules))
    done = replay(client, jobs)[int(WARM * case.jobs) :]
    return Compared(case, told.end_to_end, end_to_end(done), (told.handoff, waited(done, REFINER)))


def compare_all(cases: Sequence[Case] = CASES) -> list[Compared]:
    """Each on a fresh stack."""
    found = []
    for case in cases:
        rules = Rules(max_waiting_for_next=case.max_waiting)
        with (
            tempfile.TemporaryDirectory(prefix="latentrelay-capacity-") as folder,
            running(Path(folder), case.fleet, max_waiting_for_refiner=case.max_waiting) as client,
        ):
            found.append(compare(client, case, rules))
        print(f"{case.name}: predicted / measured p95 {found[-1].ratio:.2f}", flush=True)
    return found


def table(found: Sequence[Compared]) -> str:
    """In markdown."""
    head = (
        "| load | base, refiner | jobs | p50 predicted, measured | p95 predicted, measured | predicted / measured p95 "
        "| handoff p95 predicted, measured |"
    )
    lines = [head, "| --- |" + " ---: |" * 6]
    for one in found:
        case, fleet = one.case, one.case.fleet
        told = [
            f"{case.name}, {60 * case.per_second:g}/min",
            f"{fleet.base}, {fleet.refiner}",
            case.jobs,
            f"{one.predicted.p50:.2f} s, {one.measured.p50:.2f} s",
            f"{one.predicted.p95:.2f} s, {one.measured.p95:.2f} s",
            f"{one.ratio:.2f}",
            f"{one.handoff[0].p95:.2f} s, {one.handoff[1].p95:.2f} s",
        ]
        lines.append("| " + " | ".join(map(str, told)) + " |")
    return "\n".join(lines)
