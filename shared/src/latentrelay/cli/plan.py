"""`plan`: how many GPUs a load needs, or what load a fleet bears."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from latentrelay.cli.connection import settings_of
from latentrelay.cli.options import Decorator, data_option, json_option
from latentrelay.cli.plan_chart import chart_of
from latentrelay.cli.plan_load import Asked, load_of
from latentrelay.cli.plan_report import report, report_json
from latentrelay.cli.plan_sentences import NAMES, no_rate, none_holds
from latentrelay.cli.plan_words import Duration, Rate, Shares
from latentrelay.cli.problems import FAILED, USAGE, Ended
from latentrelay.contracts import Priority
from latentrelay.plan.arrivals import Process
from latentrelay.plan.chart import svg
from latentrelay.plan.fleet import Fleet, Prices
from latentrelay.plan.load import Way, faster
from latentrelay.plan.rules import Mishaps, Rules
from latentrelay.plan.search import cheapest, highest, limit
from latentrelay.plan.study import Study, Target

ANY_RATE = 1.0  # jobs a second: where the question is how many a fleet bears, it is asked in shares of this
_WAYS, _PRIORITIES = [way.value for way in Way], [priority.value for priority in Priority]


def _for_each_stage(option: str, **settings: Any) -> Decorator:
    """An option a stage: `option` and `help` hold a place for its name."""

    def decorate(command: Any) -> Any:
        told = settings.pop("help")
        for name in reversed(NAMES.values()):
            command = click.option(option.format(name), help=told.format(name), **settings)(command)
        return command

    return decorate


@click.command()
@click.option("--rate", type=Rate(), help="How many jobs come.  [default: as lately, on the running stack]")
@click.option("--trace", metavar="FILE", help="Jobs that came: a JSON object a line, with at, way, priority, tenant.")
@click.option("--p95", type=Duration(), required=True, help="What 95 in 100 jobs may take, from submitted to done.")
@click.option("--p95-of", type=click.Choice(_PRIORITIES), help="Of jobs of this priority.  [default: of all]")
@_for_each_stage("--{}-seconds", type=Duration(), help="What a {} GPU works on a job.  [default: as the stack did]")
@click.option("--spread", type=click.FloatRange(0, 2), default=0.0, help="Of these: sigma of a lognormal.")
@click.option("--mix", type=Shares(_WAYS), default="relay", show_default=True, help=f"Of {', '.join(_WAYS)}.")
@click.option("--priorities", type=Shares(_PRIORITIES), default="standard", show_default=True, help="Their mix.")
@click.option("--tenants", type=Shares(), default="default", show_default=True, help="Who asks, and how often.")
@click.option(
    "--arrivals",
    "process",
    type=click.Choice([process.value for process in Process]),
    default="poisson",
    show_default=True,
)
@click.option("--burst", type=click.IntRange(1), default=10, show_default=True, help="Jobs of a burst.")
@_for_each_stage("--{}", type=click.IntRange(0), help="This many {} GPUs: what load do they bear?")
@click.option("--max-gpus", type=click.IntRange(1), default=64, show_default=True, help="Of a stage.")
@_for_each_stage("--{}-price", type=click.FloatRange(0), help="What a {} GPU costs an hour.  [default: 1]")
@click.option("--lost-per-hour", type=click.FloatRange(0), default=0.0, help="How often each GPU is lost.")
@click.option("--reload", type=Duration(), default="60s", show_default=True, help="Until a lost one has its model.")
@click.option("--failing", type=click.FloatRange(0, 0.99), default=0.0, help="The share of attempts that fail.")
@click.option("--jobs", type=click.IntRange(100, 1_000_000), default=5000, show_default=True, help="Simulated.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of chance: the same seed, the same answer.")
@click.option("--plot", metavar="FILE.svg", help="Draw p95 by the number of base GPUs.")
@json_option
@data_option
def plan(*, p95: float, p95_of: str | None, plot: str | None, as_json: bool, **options: Any) -> None:
    """How many GPUs of each stage hold a p95 under a load, the cheapest fleet first; or what load a given fleet bears.

    The scheduling rules are simulated, job by job, as the settings have them. Stage times are given, or those of the
    jobs that the running stack did last. Ends with 1 where no fleet holds the target.
    """
    target, fleet = Target(p95, Priority(p95_of) if p95_of else None), _fleet(options)
    study = _study(options, target, default_rate=None if fleet is None else ANY_RATE)
    if fleet is None:
        fleet = _cheapest(study, options["max_gpus"])
    else:
        _check(study, fleet)
        study = study if options["rate"] or options["trace"] else _at_its_limit(study, fleet)
    found = limit(study, fleet)
    click.echo(report_json(study, fleet, found) if as_json else report(study, fleet, found, priced=_is_priced(options)))
    if plot:
        _write(plot, svg(chart_of(study, fleet)))
    if not study.holds(fleet):
        click.get_current_context().exit(FAILED)


def _fleet(options: Mapping[str, Any]) -> Fleet | None:
    counts = {stage: options[name] for stage, name in NAMES.items() if options[name] is not None}
    return Fleet.of(counts) if counts else None


def _study(options: Mapping[str, Any], target: Target, default_rate: float | None) -> Study:
    seconds = {stage: given for stage, name in NAMES.items() if (given := options[f"{name}_seconds"])}
    names = ("rate", "trace", "process", "burst", "spread", "mix", "priorities", "tenants", "jobs", "seed", "data")
    asked = Asked(seconds=seconds, **{name: options[name] for name in names})
    prices = Prices(*(1.0 if (price := options[f"{name}_price"]) is None else price for name in NAMES.values()))
    mishaps = Mishaps(options["lost_per_hour"], options["reload"], options["failing"])
    rules = Rules.of(settings_of(options["data"]))
    arrivals = load_of(asked, default_rate)
    if target.of and all(one.shape.priority is not target.of for one in arrivals):
        raise Ended(f"--p95-of: no job of the load is {target.of}", USAGE)
    return Study(arrivals, target, rules, mishaps, prices, options["seed"], goes_on=not options["trace"])


def _cheapest(study: Study, most: int) -> Fleet:
    fleet = cheapest(study, most)
    if fleet is None:
        raise Ended(none_holds(study, most), FAILED)
    return fleet


def _check(study: Study, fleet: Fleet) -> None:
    """Each stage that a job passes has a GPU."""
    for stage in study.stages:
        if not fleet.counts[stage]:
            raise Ended(f"--{NAMES[stage]}: the load passes this stage, so it needs a GPU", USAGE)


def _at_its_limit(study: Study, fleet: Fleet) -> Study:
    """The same jobs at the highest rate for which `fleet` holds the target."""
    factor = highest(study, fleet)
    if factor is None:
        raise Ended(no_rate(study, fleet), FAILED)
    return replace(study, arrivals=faster(study.arrivals, factor))


def _is_priced(options: Mapping[str, Any]) -> bool:
    return any(options[f"{name}_price"] is not None for name in NAMES.values())


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Ended(f"--plot: {path} cannot be written: {error}", USAGE) from None
