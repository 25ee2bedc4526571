"""What `plan` found, in tables. Pure."""

from collections.abc import Sequence

from latentrelay.cli.plan_sentences import GROWS, NAMES, seconds
from latentrelay.cli.tables import table
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.outcome import Outcome, Spread
from latentrelay.plan.study import Study


def outcomes_table(study: Study, fleets: Sequence[tuple[str, Fleet]], *, priced: bool) -> str:
    """A line a fleet, each with what it is called."""
    counts = [NAMES[stage].upper() for stage in study.stages]
    heads = ["FLEET", *counts, "BUSY %", "WAIT s", "HANDOFF s", "END TO END s", "JOBS/h", *["COST/1000"] * priced]
    rows = [_row(study, name, fleet, priced=priced) for name, fleet in fleets]
    return table([heads, *rows]) + "\n(seconds: p50 / p95 / p99)"


def _row(study: Study, name: str, fleet: Fleet, *, priced: bool) -> list[str]:
    found = study.outcome(fleet)
    counts = [str(fleet.counts[stage]) for stage in study.stages]
    busy = " / ".join(f"{100 * found.stages[stage].utilisation:.0f}" for stage in study.stages)
    if study.keeps_up(fleet):
        times = [_spread(found.wait), _spread(found.handoff), _spread(found.end_to_end)]
    else:
        times = ["", "", GROWS]
    cost = [f"{study.price_per_thousand(found):.2f}" if study.keeps_up(fleet) else ""] * priced
    return [name, *counts, busy, *times, f"{found.jobs_per_hour:.0f}", *cost]


def _spread(spread: Spread) -> str:
    return " / ".join(map(seconds, (spread.p50, spread.p95, spread.p99)))


def priorities_table(found: Outcome) -> str:
    """A line a priority, where there are several."""
    if len(found.by_priority) < 2:  # noqa: PLR2004  # as it says
        return ""
    rows = [(priority.value, _spread(spread)) for priority, spread in found.by_priority.items()]
    return table([("PRIORITY", "END TO END s"), *rows])
