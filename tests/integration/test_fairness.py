"""Who goes first: tenants in turns, priorities that age, closed lanes, limits. On a real server."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from latentrelay import ImageSource, Priority, Refine, Refinement, RefineMode, StageName, TextToImage
from latentrelay.contracts import Problem
from latentrelay.errors import ErrorCode, QueueFull, RateLimited
from latentrelay.jobs import Answer, Backlog, Claim, Claims, Jobs, Limits, Order, RedisClient, Stages, connect
from latentrelay.outlook import Outlook
from latentrelay.settings import Settings

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
PROBLEM = Problem(code=ErrorCode.INTERNAL, detail="broke", retryable=True)
MINUTE = 60_000_000  # in microseconds, as lanes count


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    order = Order(max_waiting_for_next=3, handicap_ms=300_000)
    return Claims(redis, lease_seconds=30, max_attempts=3, order=order)


class Producers:
    """Submits on behalf of tenants, and knows whose a job is."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    def submit(
        self,
        tenant: str = "ada",
        priority: Priority = Priority.STANDARD,
        mode: RefineMode = RefineMode.NONE,
        limits: Limits | None = None,
    ) -> str:
        request = TextToImage(prompt="x", priority=priority, refine=Refine(mode=mode))
        jobs = Jobs(self._redis, tenant=tenant, limits=limits)
        return jobs.submit(uuid.uuid4().hex, request, request.with_seed()).id

    def many(self, count: int, tenant: str, priority: Priority = Priority.STANDARD) -> list[str]:
        return [self.submit(tenant, priority) for _ in range(count)]

    def tenant_of(self, job_id: str) -> str:
        return str(self._redis.hget(f"latentrelay:job:{job_id}", "tenant"))

    def wait_longer(self, job_ids: Iterable[str], minutes: int, rank: int) -> None:
        """Let jobs have waited for longer, instead of waiting."""
        for job_id in job_ids:
            tenant = self.tenant_of(job_id)
            for key in (f"lane:{BASE}:{rank}::{tenant}", f"since:{BASE}:{rank}:", f"pending:{BASE}"):
                self._redis.zincrby(f"latentrelay:{key}", -minutes * MINUTE, job_id)


@pytest.fixture
def producers(redis: RedisClient) -> Producers:
    return Producers(redis)


def claimed(claims: Claims, stage: StageName = BASE, worker: str = "") -> Claim:
    claim = claims.claim(stage, uuid.uuid4().hex, worker)
    assert claim is not None
    return claim


def taken(claims: Claims, count: int) -> list[str]:
    return [claimed(claims).job.id for _ in range(count)]


def test_the_one_job_of_a_tenant_goes_next_but_one_whatever_another_has_waiting(
    producers: Producers, claims: Claims
) -> None:
    producers.many(300, "ada")
    taken(claims, 50)
    one = producers.submit("bob")
    assert one in taken(claims, 2)


def test_tenants_take_turns_however_many_jobs_each_of_them_has(producers: Producers, claims: Claims) -> None:
    for tenant, count in (("ada", 30), ("bob", 6), ("cyd", 6)):
        producers.many(count, tenant)
    turns = [producers.tenant_of(job_id) for job_id in taken(claims, 18)]
    assert [sorted(turns[at : at + 3]) for at in range(0, 18, 3)] == [["ada", "bob", "cyd"]] * 6
    assert {producers.tenant_of(job_id) for job_id in taken(claims, 24)} == {"ada"}


def test_a_tenant_that_asks_again_as_soon_as_it_is_served_gets_no_more_than_its_turn(
    producers: Producers, claims: Claims
) -> None:
    producers.many(10, "bob")
    served = []
    for _ in range(10):
        producers.submit("ada")
        served += [producers.tenant_of(job_id) for job_id in taken(claims, 1)]
    assert served.count("ada") == 5


def test_jobs_that_were_canceled_cost_their_tenant_no_turns(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    for job_id in producers.many(50, "ada"):
        Jobs(redis).cancel(job_id)
    producers.many(20, "bob")
    one = producers.submit("ada")
    assert one in taken(claims, 2)


def test_the_jobs_of_a_tenant_go_in_the_order_in_which_they_came(producers: Producers, claims: Claims) -> None:
    ids = producers.many(100, "ada")
    assert taken(claims, 100) == ids


def test_a_better_priority_goes_first(producers: Producers, claims: Claims) -> None:
    batch, standard, interactive = (producers.submit(priority=priority) for priority in reversed(Priority))
    assert taken(claims, 3) == [interactive, standard, batch]


def test_tenants_take_turns_in_each_priority(producers: Producers, claims: Claims) -> None:
    batch = producers.many(2, "ada", Priority.BATCH)
    fast = producers.submit("ada", Priority.INTERACTIVE)
    other = producers.submit("bob", Priority.BATCH)
    assert taken(claims, 4) == [fast, batch[0], other, batch[1]]


def test_a_lower_priority_that_has_waited_long_enough_goes_first(producers: Producers, claims: Claims) -> None:
    batch = producers.submit(priority=Priority.BATCH)
    producers.wait_longer([batch], minutes=9, rank=2)
    interactive = producers.many(3, "ada", Priority.INTERACTIVE)
    assert taken(claims, 1) == [interactive[0]]  # two handicaps of five minutes
    producers.wait_longer([batch], minutes=2, rank=2)
    assert taken(claims, 3) == [batch, *interactive[1:]]


def test_what_has_aged_takes_every_other_turn_so_that_a_backlog_holds_nobody(
    producers: Producers, claims: Claims
) -> None:
    batch = producers.many(5, "ada", Priority.BATCH)
    producers.wait_longer(batch, minutes=60, rank=2)
    interactive = producers.many(3, "bob", Priority.INTERACTIVE)
    order = [batch[0], interactive[0], batch[1], interactive[1], batch[2], interactive[2], *batch[3:]]
    assert taken(claims, 8) == order


def test_a_job_that_comes_back_goes_before_all_that_came_after_it(producers: Producers, claims: Claims) -> None:
    first, *others = producers.many(20, "ada")
    producers.many(20, "bob")
    claim = claimed(claims)
    taken(claims, 9)
    assert claims.retry(claim, 0, PROBLEM) is Answer.QUEUED
    assert taken(claims, 1) == [first]
    assert others[-1] in taken(claims, 30)


def test_a_job_handed_back_by_a_worker_that_ends_is_taken_next(producers: Producers, claims: Claims) -> None:
    first, *_ = producers.many(5, "ada")
    producers.many(5, "bob")
    assert claims.release(claimed(claims)) is Answer.QUEUED
    assert taken(claims, 1) == [first]


def test_a_worker_leaves_what_failed_on_it_to_others(producers: Producers, claims: Claims) -> None:
    failed, other = producers.many(2, "ada")
    assert claims.retry(claimed(claims, worker="bad"), 0, PROBLEM) is Answer.QUEUED
    assert claimed(claims, worker="bad").job.id == other
    assert claims.claim(BASE, "o", "bad") is None
    assert claimed(claims, worker="good").job.id == failed


def test_a_worker_that_is_alone_takes_what_failed_on_it_after_a_while(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    job_id = producers.submit()
    claims.retry(claimed(claims, worker="alone"), 0, PROBLEM)
    assert claims.claim(BASE, "o", "alone") is None
    redis.hset(f"latentrelay:job:{job_id}", "avoid_until", 1)
    assert claimed(claims, worker="alone").job.id == job_id


def hand_over(claims: Claims, count: int) -> None:
    for _ in range(count):
        assert claims.commit(claimed(claims), (), ()) is Answer.ADVANCED


def test_the_base_takes_no_more_than_the_refiner_can_finish(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    for _ in range(5):
        producers.submit(mode=RefineMode.ENSEMBLE)
    hand_over(claims, 3)
    assert claims.claim(BASE, "w1") is None
    assert Backlog(redis).runnable(BASE, 3) == 0
    assert claimed(claims, REFINER).makes_room
    assert Backlog(redis).runnable(BASE, 3) == 1
    hand_over(claims, 1)
    assert claims.claim(BASE, "w1") is None
    assert [claimed(claims, REFINER).makes_room for _ in range(3)] == [True, False, False], "the base had to wait once"


def test_what_the_refiner_is_asked_for_alone_does_not_stop_the_base(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    request = Refinement(prompt="x", image=ImageSource(upload_id="u"))
    for _ in range(4):
        Jobs(redis).submit(uuid.uuid4().hex, request, request.with_seed())
    wanted = producers.submit("bob", mode=RefineMode.ENSEMBLE)
    assert Backlog(redis).runnable(BASE, 3) == 1
    assert taken(claims, 1) == [wanted]


def test_jobs_that_end_at_the_base_go_while_the_refiner_is_full(producers: Producers, claims: Claims) -> None:
    for _ in range(4):
        producers.submit(mode=RefineMode.ENSEMBLE)
    ends_here = producers.submit("bob", Priority.BATCH)
    hand_over(claims, 3)
    assert taken(claims, 1) == [ends_here]
    assert claims.claim(BASE, "w1") is None


def everything(redis: RedisClient) -> set[str]:
    return set(redis.scan_iter(count=1000))


@pytest.mark.parametrize(
    ("limits", "refusal"), [(Limits(max_live_jobs=2), QueueFull), (Limits(max_live_jobs_per_tenant=2), RateLimited)]
)
def test_a_submission_over_the_limit_is_refused_and_leaves_nothing(
    producers: Producers, redis: RedisClient, limits: Limits, refusal: type[Exception]
) -> None:
    first, _ = (producers.submit(limits=limits) for _ in range(2))
    before = everything(redis)
    with pytest.raises(refusal):
        producers.submit(limits=limits)
    assert everything(redis) == before
    Jobs(redis).cancel(first)
    producers.submit(limits=limits)


def test_the_limit_of_one_tenant_is_not_anothers(producers: Producers) -> None:
    limits = Limits(max_live_jobs_per_tenant=1)
    producers.submit("ada", limits=limits)
    producers.submit("bob", limits=limits)
    with pytest.raises(RateLimited, match="your jobs"):
        producers.submit("ada", limits=limits)


def test_the_position_of_a_job_is_the_number_of_those_that_go_before_it(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    for tenant, count in (("ada", 8), ("bob", 3), ("cyd", 1)):
        producers.many(count, tenant)
    producers.many(2, "bob", Priority.INTERACTIVE)
    taken(claims, 1)
    waiting = [job for job in Jobs(redis).list(limit=50).jobs if job.queue]
    told = {job.queue.position: job.id for job in waiting if job.queue}
    assert [told[place] for place in range(len(waiting))] == taken(claims, len(waiting))


def oldest(redis: RedisClient) -> datetime | None:
    (base, *_) = Stages(redis, 200).queues(Outlook())
    return base.oldest_at


def test_the_age_of_a_queue_is_that_of_the_job_that_has_waited_longest(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    jobs = Jobs(redis)
    assert oldest(redis) is None
    old, new = producers.many(2, "ada")
    producers.wait_longer([old], minutes=60, rank=1)
    created_at = jobs.get(new).created_at
    oldest_at = oldest(redis)
    assert oldest_at
    assert timedelta(minutes=59) < created_at - oldest_at < timedelta(minutes=61)
    assert taken(claims, 1) == [old]
    assert oldest(redis) > created_at - timedelta(minutes=1)


def test_a_job_that_is_held_or_has_ended_has_no_position(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    held, ended = producers.many(2, "ada")
    taken(claims, 1)
    Jobs(redis).cancel(ended)
    assert [Jobs(redis).get(job_id).queue for job_id in (held, ended)] == [None, None]


def test_when_nobody_waits_nothing_is_left_of_the_turns(
    producers: Producers, claims: Claims, redis: RedisClient
) -> None:
    producers.many(3, "ada")
    producers.many(3, "bob", Priority.BATCH)
    taken(claims, 6)
    kinds = ("lane", "since", "turns", "pending", "aged")
    assert [key for key in everything(redis) if key.split(":")[1] in kinds] == []
