"""The chart of `plan`: which fleets around the one that was found hold the target. Pure."""

import math
from collections.abc import Iterable

from latentrelay.cli.plan_sentences import NAMES, per_minute
from latentrelay.contracts import StageName
from latentrelay.plan.chart import Chart, Point
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.study import Study

FEWER, MORE = 2, 3  # GPUs of the stage along the bottom
LINES = (-1, 0, 1)  # GPUs of the other


def chart_of(study: Study, fleet: Fleet) -> Chart:
    """Along the bottom the first stage of the load, a line for each count of the second; others as in `fleet`."""
    across, *others = study.stages
    counts = range(max(1, fleet.counts[across] - FEWER), fleet.counts[across] + MORE + 1)
    return Chart(
        title=f"p95 at {per_minute(study.per_second)}",
        across=f"{NAMES[across]} GPUs",
        target=study.target.p95,
        lines={
            name: [_point(study, one.having(across, count), count) for count in counts]
            for name, one in _lines(fleet, others)
        },
    )


def _lines(fleet: Fleet, others: list[StageName]) -> Iterable[tuple[str, Fleet]]:
    if not others:
        return [("p95", fleet)]
    stage, own = others[0], fleet.counts[others[0]]
    return [(f"{own + more} {NAMES[stage]}", fleet.having(stage, own + more)) for more in LINES if own + more > 0]


def _point(study: Study, fleet: Fleet, count: int) -> Point:
    """Infinite where what waits grows without end."""
    if not study.keeps_up(fleet):
        return (count, math.inf)
    return (count, study.target.spread(study.outcome(fleet)).p95)
