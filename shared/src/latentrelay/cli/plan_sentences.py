"""What `plan` found, in sentences. Pure."""

import math
from collections.abc import Sequence

from latentrelay.contracts import StageName
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.search import Limit
from latentrelay.plan.study import Study

GROWS = "grows without end"
NAMES = {StageName.SDXL_BASE: "base", StageName.SDXL_REFINER: "refiner", StageName.UNCLIP_VARIATION: "variation"}


def per_minute(per_second: float) -> str:
    """`30 jobs a minute`, or an hour where they are few."""
    return f"{60 * per_second:.3g} jobs a minute" if per_second >= 1 / 60 else f"{3600 * per_second:.3g} jobs an hour"


def fleet_words(fleet: Fleet, stages: Sequence[StageName]) -> str:
    """`4 base and 2 refiner GPUs`."""
    *others, last = (f"{fleet.counts[stage]} {NAMES[stage]}" for stage in stages)
    return f"{', '.join(others)} and {last} GPUs" if others else f"{last} GPUs"


def seconds(amount: float) -> str:
    """`0.12`, `3.4`, `120`, or `never`."""
    if math.isinf(amount):
        return "never"
    return f"{amount:.2f}" if amount < 1 else f"{amount:.1f}" if amount < 100 else f"{amount:.0f}"  # noqa: PLR2004  # digits


def verdict(study: Study, fleet: Fleet) -> str:
    """Whether `fleet` holds the target, in a sentence."""
    who, rate = fleet_words(fleet, study.stages), per_minute(study.per_second)
    if not study.keeps_up(fleet):
        return f"{who} cannot keep up with {rate}."
    holds = "hold" if study.holds(fleet) else "do not hold"
    return f"{who} {holds} {target_words(study)} at {rate}: it is {p95_words(study, fleet)}."


def target_words(study: Study) -> str:
    """`p95 20 s`, and of whom."""
    return f"p95 {study.target.p95:g} s" + (f" of {study.target.of} jobs" if study.target.of else "")


def p95_words(study: Study, fleet: Fleet) -> str:
    """Of the jobs that count, in seconds."""
    if not study.keeps_up(fleet):
        return f"what waits {GROWS}"
    return f"{seconds(study.target.spread(study.outcome(fleet)).p95)} s"


def breaks_first(study: Study, found: Limit | None) -> str:
    """Up to what load the target is held, and what gives way then."""
    if found is None:
        return ""
    stage, beyond = NAMES[found.stage], found.beyond
    more, rate = 100 * (found.factor - 1), per_minute(study.per_second * found.factor)
    change = f"{abs(more):.0f} % {'more' if more > 0 else 'less'}" if abs(more) >= 1 else "no more than that"
    busy = 100 * beyond.stages[found.stage].utilisation
    waits = seconds(beyond.stages[found.stage].wait.p95)
    return (
        f"What breaks first: the {stage}. The target is held up to {rate} ({change}); at a tenth more than that "
        f"the {stage} is busy {busy:.0f} % of the time, jobs wait {waits} s for it, "
        f"and p95 is {seconds(study.target.spread(beyond).p95)} s."
    )


def none_holds(study: Study, most: int) -> str:
    """Why no fleet of at most so many GPUs a stage holds the target."""
    fleet = Fleet.of(dict.fromkeys(study.stages, most))
    if not study.keeps_up(fleet):
        return f"{most} GPUs a stage cannot keep up with {per_minute(study.per_second)}; see --max-gpus"
    return (
        f"no fleet of at most {most} GPUs a stage holds {target_words(study)}: "
        f"with so many of each it is {p95_words(study, fleet)}"
    )


def no_rate(study: Study, fleet: Fleet) -> str:
    """Why there is no highest rate for which `fleet` holds the target."""
    who = fleet_words(fleet, study.stages)
    if study.holds(fleet):
        return f"{who} hold {target_words(study)} at any rate that was tried"
    return f"{who} hold {target_words(study)} at no rate: a job that finds them free takes too long itself"
