"""The cheapest fleet and the highest rate, against looking at every one."""

from dataclasses import replace
from itertools import product

import pytest

from latentrelay.contracts import (
    ImageSource,
    Priority,
    Refine,
    Refinement,
    RefineMode,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.flow import route
from latentrelay.plan.arrivals import arrivals
from latentrelay.plan.fleet import Fleet, Prices
from latentrelay.plan.load import Arrivals, Way, faster
from latentrelay.plan.rules import AVOID_SECONDS, ENOUGH_HINTS, MOST_DELAYS, MOST_HINTS, RETRY_SECONDS, Mishaps
from latentrelay.plan.search import cheapest, highest, limit
from latentrelay.plan.shapes import Given
from latentrelay.plan.study import Study, Target

BASE, REFINER, UNCLIP = StageName


@pytest.fixture(scope="module")
def jobs() -> Arrivals:
    return arrivals(Given({BASE: 3.0, REFINER: 1.5}, spread=0.3), 1.0, 300)


def test_no_cheaper_fleet_holds_the_target(jobs: Arrivals) -> None:
    study = Study(jobs, Target(8.0))
    holding = [fleet for fleet in (Fleet(*pair) for pair in product(range(3, 7), range(1, 5))) if study.holds(fleet)]
    for prices in (Prices(1.0, 4.0), Prices(3.0, 1.0)):
        found = cheapest(Study(jobs, Target(8.0), prices=prices), 6)
        assert found
        assert prices.of(found) == min(map(prices.of, holding))


def test_a_study_of_other_jobs_remembers_nothing_of_the_first(jobs: Arrivals) -> None:
    study = Study(jobs, Target(8.0))
    quiet = replace(study, arrivals=faster(jobs, 0.1))
    assert study.outcome(Fleet(4, 2)).end_to_end.p95 > quiet.outcome(Fleet(4, 2)).end_to_end.p95


def test_where_no_fleet_is_enough_there_is_none(jobs: Arrivals) -> None:
    assert cheapest(Study(jobs, Target(3.0)), 9) is None  # the work alone takes longer
    assert cheapest(Study(jobs, Target(60.0)), 2) is None


@pytest.mark.parametrize(
    "mishaps", [Mishaps(), Mishaps(failing=0.3), Mishaps(lost_per_hour=120, reload_seconds=60), Mishaps(120, 60, 0.3)]
)
def test_what_goes_wrong_takes_as_much_of_the_gpus_as_the_simulation_finds(jobs: Arrivals, mishaps: Mishaps) -> None:
    study = Study(jobs, Target(60.0), mishaps=mishaps)
    found = study.outcome(Fleet(30, 30))
    hours = (found.jobs - found.failed) / found.jobs_per_hour
    busy = found.stages[BASE].utilisation * 30 * hours * 3600
    assert busy / found.jobs == pytest.approx(study.work_seconds[BASE], rel=0.1)


def test_a_fleet_keeps_up_with_what_goes_wrong_or_does_not(jobs: Arrivals) -> None:
    for mishaps in (Mishaps(failing=0.4), Mishaps(lost_per_hour=30, reload_seconds=60)):
        study = Study(jobs, Target(60.0), mishaps=mishaps)
        assert Study(jobs, Target(60.0)).keeps_up(Fleet(4, 3))
        assert not study.keeps_up(Fleet(4, 3))
        assert study.keeps_up(Fleet(6, 3))


def test_ways_are_routes_of_requests() -> None:
    image = ImageSource(upload_id="u")
    requests = {
        Way.RELAY: TextToImage(prompt="x"),
        Way.BASE: TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE)),
        Way.REFINEMENT: Refinement(prompt="x", image=image),
        Way.VARIATION: Variation(image=image),
    }
    assert {way: way.route for way in Way} == {way: route(request) for way, request in requests.items()}


def test_stages_that_no_job_passes_get_no_gpu() -> None:
    jobs = arrivals(Given({UNCLIP: 2.0}, mix={Way.VARIATION: 1}), 0.5, 200)
    assert cheapest(Study(jobs, Target(30.0)), 9) == Fleet(variation=2)


def test_the_highest_rate_is_held_and_a_little_more_is_not(jobs: Arrivals) -> None:
    study, fleet = Study(jobs, Target(9.0)), Fleet(5, 3)
    factor = highest(study, fleet)
    assert factor
    assert study.holds(fleet, factor)
    assert not study.holds(fleet, 1.03 * factor)


@pytest.mark.parametrize(("fleet", "narrow"), [(Fleet(4, 6), BASE), (Fleet(9, 2), REFINER)])
def test_the_narrow_place_is_named(jobs: Arrivals, fleet: Fleet, narrow: StageName) -> None:
    found = limit(Study(jobs, Target(12.0)), fleet)
    assert found
    assert found.stage is narrow


def test_a_target_of_one_priority_lets_the_others_wait() -> None:
    given = Given({BASE: 2.0}, mix={Way.BASE: 1}, priorities={Priority.INTERACTIVE: 1, Priority.BATCH: 3})
    jobs = arrivals(given, 1.3, 400)
    of_all, of_one = (cheapest(Study(jobs, Target(5.0, of)), 9) for of in (None, Priority.INTERACTIVE))
    assert of_all
    assert of_one
    assert of_one.base < of_all.base


def test_the_constants_are_those_of_the_workers() -> None:
    from latentrelay import hints  # noqa: PLC0415  # celery, which nothing else here needs
    from latentrelay.jobs import claims  # noqa: PLC0415  # as above
    from latentrelay.worker import verdict  # noqa: PLC0415  # as above

    assert (verdict.RETRY_SECONDS, verdict.MOST_DELAYS) == (RETRY_SECONDS, MOST_DELAYS)
    assert claims.AVOID_SECONDS == AVOID_SECONDS
    assert (hints.ENOUGH, hints.MOST_HINTS) == (ENOUGH_HINTS, MOST_HINTS)
