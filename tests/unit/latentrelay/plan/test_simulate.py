"""The simulation against what is known of queues, and against the rules that it follows."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import asdict
from statistics import fmean

import pytest

from latentrelay.contracts import Priority, StageName
from latentrelay.plan.arrivals import Process, arrivals
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.load import Arrival, Shape, Way
from latentrelay.plan.outcome import Spread
from latentrelay.plan.rules import Mishaps, Rules
from latentrelay.plan.shapes import Given
from latentrelay.plan.simulate import simulate

BASE, REFINER, UNCLIP = StageName
AT_ONCE = Rules(pause_seconds=0)
SECONDS = {BASE: 1.0, REFINER: 1.0, UNCLIP: 1.0}
ALONE = Given(SECONDS, mix={Way.BASE: 1})


class Exponential:
    """Service times of an M/M queue."""

    def draw(self, chance):
        return Shape(Way.BASE, {BASE: chance.expovariate(1.0)})


def base(at: float, seconds: float = 1.0, priority: Priority = Priority.STANDARD, tenant: str = "ada") -> Arrival:
    return Arrival(at, Shape(Way.BASE, {BASE: seconds}, priority), tenant)


def relay(at: float, base_seconds: float, refiner_seconds: float) -> Arrival:
    return Arrival(at, Shape(Way.RELAY, {BASE: base_seconds, REFINER: refiner_seconds}))


def longest(jobs: Sequence[Arrival], fleet: Fleet, rules: Rules = AT_ONCE, mishaps: Mishaps | None = None) -> float:
    return simulate(jobs, fleet, rules, mishaps).end_to_end.p99


def test_one_gpu_with_exponential_work_is_an_m_m_1_queue() -> None:
    found = simulate(arrivals(Exponential(), 0.5, 6000), Fleet(1), AT_ONCE)
    assert found.end_to_end.mean == pytest.approx(2.0, rel=0.1)  # 1 / (1 - 0.5); three standard errors are 10 %
    assert found.end_to_end.p95 == pytest.approx(2 * math.log(20), rel=0.15)


def test_one_gpu_with_constant_work_is_an_m_d_1_queue() -> None:
    found = simulate(arrivals(ALONE, 0.5, 4000), Fleet(1), AT_ONCE)
    assert found.stages[BASE].wait.mean == pytest.approx(0.5 / (2 * (1 - 0.5)), rel=0.15)


@pytest.mark.parametrize(("gpus", "load"), [(1, 0.8), (3, 2.7), (2, 3.0)])
def test_jobs_begin_exactly_when_the_recursion_of_kiefer_and_wolfowitz_says(gpus: int, load: float) -> None:
    jobs = arrivals(Exponential(), load, 1000)
    found = simulate(jobs, Fleet(gpus), AT_ONCE)
    expected = Spread.of(end - one.at for one, end in ends(jobs, gpus)[100:])
    assert asdict(found.end_to_end) == pytest.approx(asdict(expected))


def ends(jobs: Sequence[Arrival], gpus: int) -> list[tuple[Arrival, float]]:
    """When each job ends where the first one that came goes first; it knows nothing of events."""
    free, found = [0.0] * gpus, []
    for one in jobs:
        end = max(heapq.heappop(free), one.at) + one.shape.seconds[BASE]
        heapq.heappush(free, end)
        found.append((one, end))
    return found


def test_the_gpus_are_as_busy_as_the_work_that_comes() -> None:
    found = simulate(arrivals(Given(SECONDS), 1.4, 1500), Fleet(2, 4), AT_ONCE)
    assert found.stages[BASE].utilisation == pytest.approx(0.7, rel=0.08)
    assert found.stages[REFINER].utilisation == pytest.approx(0.35, rel=0.08)


def test_jobs_under_way_are_the_rate_times_the_time_that_each_takes() -> None:
    """Little's law, of work: jobs that a GPU works on are the rate times the work of each."""
    jobs = arrivals(Given({BASE: 2.0, REFINER: 0.5}, spread=0.5), 0.9, 1500)
    found = simulate(jobs, Fleet(3, 1), AT_ONCE)
    for stage, gpus in ((BASE, 3), (REFINER, 1)):
        at_work = gpus * found.stages[stage].utilisation
        works = fmean(one.shape.seconds[stage] for one in jobs)
        assert at_work == pytest.approx(found.jobs_per_hour / 3600 * works)


def test_no_gpu_rests_while_a_job_waits() -> None:
    """Forty jobs at once on four GPUs take exactly ten rounds."""
    assert longest([base(0) for _ in range(40)], Fleet(4)) == 10


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    jobs = arrivals(ALONE, 0.7, 500)
    mishaps = Mishaps(lost_per_hour=30, failing=0.1)
    first, again, other = (simulate(jobs, Fleet(2), mishaps=mishaps, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert arrivals(ALONE, 0.7, 500) == jobs != arrivals(ALONE, 0.7, 500, seed=2)


def test_more_gpus_never_make_it_slower() -> None:
    jobs = arrivals(Given({BASE: 2.0, REFINER: 1.0}, spread=0.4), 1.5, 600)
    for fewer, more in ((Fleet(4, 2), Fleet(5, 2)), (Fleet(5, 2), Fleet(5, 3)), (Fleet(5, 3), Fleet(12, 12))):
        assert simulate(jobs, more).end_to_end.p95 <= simulate(jobs, fewer).end_to_end.p95


def test_interactive_jobs_go_before_those_that_wait() -> None:
    batch = [base(0, priority=Priority.BATCH) for _ in range(50)]
    found = simulate([*batch, *(base(0.5, priority=Priority.INTERACTIVE) for _ in range(5))], Fleet(1), AT_ONCE)
    assert found.by_priority[Priority.INTERACTIVE].p99 == 5.5
    assert found.by_priority[Priority.BATCH].p99 == 55


def test_an_old_backlog_takes_every_other_turn() -> None:
    rules = Rules(pause_seconds=0, aging_seconds=1)
    batch = [base(0, priority=Priority.BATCH) for _ in range(20)]
    found = simulate([*batch, *(base(5.5, priority=Priority.INTERACTIVE) for _ in range(4))], Fleet(1), rules)
    assert found.by_priority[Priority.INTERACTIVE].p99 in (7.5, 8.5)  # each waits for one that is old


def test_the_base_rests_while_too_many_wait_for_the_refiner() -> None:
    jobs = [relay(0, 1, 10) for _ in range(12)]
    open_, closed = (simulate(jobs, Fleet(1, 1), Rules(max_waiting_for_next=most)) for most in (100, 2))
    assert open_.handoff.p99 > 90
    assert closed.handoff.p99 < 45
    assert closed.end_to_end.p99 == pytest.approx(open_.end_to_end.p99, rel=0.02)  # the refiner is never without


def test_room_that_is_made_wakes_the_base_whose_hints_were_used_up_however_seldom_there_is_a_reaper() -> None:
    jobs = [relay(0, 0.1, 0.5) for _ in range(20)]
    for reap_seconds in (5, 0.01):
        assert longest(jobs, Fleet(1, 1), Rules(max_waiting_for_next=1, reap_seconds=reap_seconds)) < 15


def test_a_job_whose_gpu_is_lost_runs_again_when_its_lease_is_over() -> None:
    mishaps = Mishaps(lost_per_hour=20, reload_seconds=30)
    jobs = [base(at * 100.0, seconds=20) for at in range(200)]
    found = simulate(jobs, Fleet(2), Rules(pause_seconds=0, lease_seconds=10), mishaps)
    calm = simulate(jobs, Fleet(2), Rules(pause_seconds=0))
    assert calm.end_to_end.p99 == 20
    assert found.end_to_end.p50 == 20
    assert 30 < found.end_to_end.p99 < 120
    assert found.stages[BASE].utilisation > calm.stages[BASE].utilisation


def test_a_job_that_fails_every_attempt_never_ends_and_is_counted() -> None:
    found = simulate([base(0), base(1)], Fleet(1), mishaps=Mishaps(failing=1.0))
    assert (found.jobs, found.failed) == (2, 2)
    assert found.end_to_end.p50 == math.inf
    assert found.jobs_per_hour == 0


def test_an_attempt_that_failed_is_put_off_and_left_to_others() -> None:
    """Two seconds, then up to five more where the only GPU is the one that it failed on."""
    jobs = [base(20.0 * at, seconds=0.5) for at in range(300)]
    mishaps = Mishaps(failing=0.2)
    alone, two = (simulate(jobs, Fleet(count), AT_ONCE, mishaps).end_to_end for count in (1, 2))
    assert alone.p50 == two.p50 == 0.5
    assert 7.5 <= alone.p95 < 25
    assert 2.5 <= two.p95 < alone.p95


def test_every_job_ends_whatever_goes_wrong() -> None:
    given = Given(SECONDS, spread=0.5, mix=dict.fromkeys(Way, 1.0), priorities=dict.fromkeys(Priority, 1.0))
    jobs = arrivals(given, 1.5, 1000, process=Process.BURSTS, tenants={"ada": 5, "bob": 1, "cyd": 1})
    mishaps = Mishaps(lost_per_hour=5, failing=0.02)
    found = simulate(jobs, Fleet(3, 3, 2), Rules(max_waiting_for_next=3, aging_seconds=5), mishaps)
    assert found.jobs == 1000
    assert found.failed < 20
    assert found.end_to_end.p50 < math.inf
