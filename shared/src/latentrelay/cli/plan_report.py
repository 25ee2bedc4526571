"""All that `plan` tells of a fleet, as text and as JSON. Pure."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from latentrelay.cli.plan_sentences import NAMES, breaks_first, p95_words, verdict
from latentrelay.cli.plan_tables import outcomes_table, priorities_table
from latentrelay.contracts import StageName
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.search import Limit
from latentrelay.plan.study import Study


def report(study: Study, fleet: Fleet, found: Limit | None, *, priced: bool) -> str:
    """A verdict, the fleet beside the next smaller ones, and what breaks first."""
    smaller = dict(fewer(study, fleet))
    rows = [("this", fleet), *((f"one {NAMES[stage]} fewer", other) for stage, other in smaller.items())]
    less = " ".join(f"With one {NAMES[stage]} fewer: {p95_words(study, other)}." for stage, other in smaller.items())
    head = verdict(study, fleet)
    if priced:
        head += f" It costs {study.prices.of(fleet):g} an hour."
    tables = (outcomes_table(study, rows, priced=priced), priorities_table(study.outcome(fleet)))
    return "\n\n".join(filter(None, (head, *tables, less, breaks_first(study, found))))


def fewer(study: Study, fleet: Fleet) -> Iterator[tuple[StageName, Fleet]]:
    """The next smaller fleets, by the stage that has one GPU fewer."""
    return ((stage, fleet.and_one(stage, -1)) for stage in study.stages if fleet.counts[stage] > 1)


def report_json(study: Study, fleet: Fleet, found: Limit | None) -> str:
    """The same for programs; seconds that never end are null."""
    told = {
        "jobs_per_minute": 60 * study.per_second,
        "target": asdict(study.target),
        "this": _outcome(study, fleet),
        "smaller": {NAMES[stage]: _outcome(study, other) for stage, other in fewer(study, fleet)},
        "limit": found
        and {
            "jobs_per_minute": 60 * study.per_second * found.factor,
            "breaks_first": NAMES[found.stage],
            "beyond": asdict(found.beyond),
        },
    }
    return json.dumps(_finite(told), indent=2)


def _outcome(study: Study, fleet: Fleet) -> dict[str, Any]:
    found = study.outcome(fleet)
    facts = {
        "holds": study.holds(fleet),
        "keeps_up": study.keeps_up(fleet),
        "price_per_hour": study.prices.of(fleet),
        "price_per_thousand": study.price_per_thousand(found),
    }
    return {**facts, **asdict(found)}


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
