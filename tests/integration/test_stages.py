"""Stages that somebody pauses, drains and opens again, and what they tell of themselves."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from latentrelay import JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.contracts import Job, Problem, StageInfo, StageState, StageTiming, WorkerInfo, WorkerState
from latentrelay.cost import work
from latentrelay.errors import ErrorCode, QueueFull
from latentrelay.jobs import Backlog, Claim, Claims, Order, RedisClient, Workers, connect, keys
from latentrelay.settings import Settings
from tests.processes import Start, address, until

BASE, REFINER, UNCLIP = StageName
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))
RELAY = TextToImage(prompt="x")
BROKE = Problem(code=ErrorCode.OUT_OF_MEMORY, detail="broke", retryable=True)


@pytest.fixture
def redis(settings: Settings) -> Iterator[RedisClient]:
    redis = connect(settings)
    yield redis
    redis.close()


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    return Claims(redis, lease_seconds=30, max_attempts=3, order=Order(max_waiting_for_next=2))


def claimed(claims: Claims, stage: StageName = BASE) -> Claim:
    claim = claims.claim(stage, f"w-{stage}")
    assert claim is not None
    return claim


def done(claims: Claims, stage: StageName = BASE) -> Claim:
    """The job of `stage` that goes first, done."""
    claim = claimed(claims, stage)
    finished_at = claim.timing.started_at + timedelta(seconds=1)
    timing: StageTiming = claim.timing.model_copy(update={"finished_at": finished_at})
    claims.commit(claim, (), (timing,), work(claim.job.request, stage))
    return claim


def hints_of(redis: RedisClient, stage: StageName = BASE) -> int:
    return int(redis.llen(stage))


def test_nothing_of_a_paused_stage_is_claimed_and_what_is_held_is_finished(client: Client, claims: Claims) -> None:
    held_job, waiting = client.submit(ALONE), client.submit(ALONE)
    held = claimed(claims)
    assert client.pause(BASE).state is StageState.PAUSED
    assert claims.claim(BASE, "other") is None
    claims.renew(held)
    claims.commit(held, (), ())
    assert client.get(held_job.id).status is JobStatus.SUCCEEDED
    client.resume(BASE)
    assert claimed(claims).job.id == waiting.id


def test_a_repeated_claim_gets_its_job_though_the_stage_was_paused_meanwhile(client: Client, claims: Claims) -> None:
    client.submit(ALONE)
    first = claimed(claims)
    client.pause(BASE)
    assert claimed(claims).job.id == first.job.id


def test_a_paused_stage_has_no_work_for_anybody_so_no_worker_starves_and_no_hints_are_sent(
    client: Client, redis: RedisClient
) -> None:
    client.submit(ALONE)
    assert Backlog(redis).runnable(BASE, 200) == 1
    client.pause(BASE)
    assert Backlog(redis).runnable(BASE, 200) == 0


def test_a_stage_that_is_opened_again_has_a_hint_for_every_job_that_waits(client: Client, redis: RedisClient) -> None:
    client.pause(BASE)
    for _ in range(3):
        client.submit(ALONE)
    redis.delete(BASE)  # workers have taken the hints, and found nothing
    client.pause(BASE)
    assert hints_of(redis) == 0
    client.resume(BASE)
    client.resume(BASE)
    assert hints_of(redis) == 3


def test_jobs_that_wait_for_a_paused_stage_can_be_canceled_and_expire(
    client: Client, claims: Claims, redis: RedisClient
) -> None:
    client.pause(BASE)
    canceled, late = client.submit(ALONE), client.submit(ALONE)
    assert client.cancel(canceled.id).status is JobStatus.CANCELED
    redis.hset(keys.job(late.id), "deadline", 1)
    redis.zadd(keys.DEADLINES, {late.id: 1})
    claims.reap()
    assert client.get(late.id).status is JobStatus.EXPIRED


def test_nobody_is_told_when_a_paused_stage_will_begin(client: Client, claims: Claims, settings: Settings) -> None:
    workers = Workers(connect(settings))
    for stage in (BASE, REFINER):
        workers.tell(WorkerInfo(id=stage, stage=stage, state=WorkerState.READY, host="here", pid=1))
    for _ in range(2):
        client.submit(RELAY)
    done(claims)
    done(claims, REFINER)
    fresh = Client(settings)
    assert fresh.list(status=JobStatus.QUEUED).jobs[0].eta_seconds is not None
    client.pause(REFINER)
    (waiting,) = Client(settings).list(status=JobStatus.QUEUED).jobs
    assert waiting.queue is not None
    assert waiting.queue.eta_seconds == 0.0, "the base works"
    assert waiting.eta_seconds is None, "and nobody knows when the refiner will"
    assert Client(settings).stage(REFINER).eta_seconds is None


def test_the_base_feeds_a_paused_refiner_up_to_what_may_wait_for_it(client: Client, claims: Claims) -> None:
    client.pause(REFINER)
    for _ in range(3):
        client.submit(RELAY)
    done(claims)
    done(claims)
    assert claims.claim(BASE, "w") is None
    client.resume(REFINER)
    done(claims, REFINER)
    assert claimed(claims).job.stage is BASE


def test_a_stage_that_is_drained_refuses_what_would_pass_it_and_works_off_the_rest(
    client: Client, claims: Claims
) -> None:
    accepted = client.submit(RELAY.model_copy(update={"idempotency_key": "k"}))
    assert client.drain(REFINER).state is StageState.DRAINING
    with pytest.raises(QueueFull, match="sdxl_refiner is being drained"):
        client.submit(RELAY)
    refusal = client.estimate(RELAY).refusal
    assert refusal is not None
    assert (refusal.code, refusal.retryable) == ("queue_full", True)
    assert client.submit(RELAY.model_copy(update={"idempotency_key": "k"})).id == accepted.id, "it was accepted"
    assert client.submit(ALONE).stage is BASE, "it does not pass the refiner"
    done(claims)
    done(claims, REFINER)
    assert client.get(accepted.id).status is JobStatus.SUCCEEDED
    client.resume(REFINER)
    client.submit(RELAY)


def test_what_a_stage_was_told_twice_it_was_told_the_first_time(client: Client) -> None:
    first = client.pause(BASE)
    assert first.state_since is not None
    assert client.pause(BASE).state_since == first.state_since
    assert client.stage(UNCLIP).state_since is None


def test_a_stage_tells_how_long_jobs_waited_and_took_lately_and_how_they_were_handed_over(
    client: Client, claims: Claims, redis: RedisClient, settings: Settings
) -> None:
    client.submit(RELAY)
    base = claimed(claims)
    redis.hincrby(keys.job(base.job.id), "claimed_at", -4000)
    redis.hincrby(keys.job(base.job.id), "queued_at", -10_000)
    claims.commit(base, (), (base.timing.model_copy(update={"finished_at": datetime.now(UTC)}),), 1.0)
    refiner = claimed(claims, REFINER)
    redis.hincrby(keys.job(refiner.job.id), "claimed_at", 2000)
    claims.commit(refiner, (), (refiner.timing.model_copy(update={"finished_at": datetime.now(UTC)}),), 1.0)
    told = {stage.stage: stage.recent for stage in Client(settings).stages()}
    assert (told[BASE].jobs, sum(minute.jobs for minute in told[BASE].per_minute)) == (1, 1)
    assert 840 <= told[BASE].window_seconds <= 900
    assert told[BASE].compute_seconds.p50 == pytest.approx(4, abs=0.9)
    assert told[BASE].wait_seconds.p95 == pytest.approx(6, abs=0.9)
    assert told[BASE].handoff_seconds.p50 is None, "nobody hands it anything"
    assert told[REFINER].handoff_seconds.p50 == pytest.approx(2, abs=0.9)
    assert told[UNCLIP].compute_seconds.p50 is None


def test_a_refinement_that_was_made_again_is_no_handoff(client: Client, claims: Claims, settings: Settings) -> None:
    client.submit(RELAY)
    done(claims)
    first = claimed(claims, REFINER)
    claims.release(first)
    assert (first.was_handed, done(claims, REFINER).was_handed) == (True, False)
    recent = Client(settings).stage(REFINER).recent
    assert (recent.jobs, recent.handoff_seconds.p50) == (1, None)
    assert recent.wait_seconds.p50 is not None


def test_what_is_kept_of_a_minute_is_bounded_and_its_count_is_not(
    client: Client, claims: Claims, redis: RedisClient, settings: Settings
) -> None:
    for _ in range(130):
        client.submit(ALONE)
        done(claims)
    (*_, last) = (key for key in redis.scan_iter(match=f"{keys.ROOT}recent:*"))
    assert redis.hlen(last) <= 101
    assert 0 < redis.ttl(last) <= 1200
    assert Client(settings).stage(BASE).recent.jobs == 130


def test_a_commit_that_is_repeated_counts_once_among_the_recent_ones(
    client: Client, claims: Claims, settings: Settings
) -> None:
    client.submit(ALONE)
    claim = done(claims)
    claims.commit(claim, (), (claim.timing,), 1.0)
    assert Client(settings).stage(BASE).recent.jobs == 1


def test_the_overview_tells_how_many_jobs_there_are_and_how_others_ended(client: Client, claims: Claims) -> None:
    client.submit(ALONE)
    done(claims)
    client.submit(ALONE)
    claims.fail(claimed(claims), BROKE)
    client.cancel(client.submit(ALONE).id)
    client.submit(ALONE)
    claimed(claims)
    client.submit(ALONE)
    told = client.overview()
    assert (told.jobs.queued, told.jobs.running, told.dead_letters) == (1, 1, 0)
    ended = told.finished
    assert (ended.succeeded, ended.failed, ended.canceled, ended.expired) == (1, 1, 1, 0)
    assert [(one.code, one.count) for one in told.failures] == [("out_of_memory", 1)]
    assert [stage.stage for stage in told.stages] == [*StageName]


def test_a_stage_tells_what_work_it_has_left_whoever_is_there_to_do_it(
    client: Client, claims: Claims, settings: Settings
) -> None:
    client.submit(ALONE)
    assert Client(settings).stage(BASE).work_seconds is None, "it has done nothing yet"
    done(claims)
    assert Client(settings).stage(BASE).work_seconds == 0
    for _ in range(3):
        client.submit(ALONE)
    claimed(claims)
    assert Client(settings).stage(BASE).work_seconds == pytest.approx(3.0)
    client.pause(BASE)
    assert Client(settings).stage(BASE).work_seconds == pytest.approx(1.0), "nobody may begin what waits"


def test_what_a_full_refiner_holds_back_asks_for_no_base(client: Client, claims: Claims, settings: Settings) -> None:
    for _ in range(4):
        client.submit(RELAY)
    tight = settings.model_copy(update={"max_waiting_for_refiner": 2})
    done(claims)
    (base, *_) = Client(tight).queues()
    assert (base.depth, base.work_seconds) == (3, pytest.approx(1.0)), "the refiner has room for one more"
    done(claims)
    (base, *_) = Client(tight).queues()
    assert (base.depth, base.work_seconds) == (2, 0.0)


def test_a_stage_is_dry_when_nothing_waits_to_be_tried_again_either(client: Client, claims: Claims) -> None:
    client.submit(ALONE)
    client.drain(BASE)
    claims.retry(claimed(claims), 3600, BROKE)
    (base, *_) = client.queues()
    assert (base.depth, base.in_flight, base.work_seconds) == (1, 0, 0.0)
    assert client.stage(BASE).depth == 1


def test_workers_of_a_paused_stage_stay_and_begin_at_once_when_it_is_opened(
    client: Client, start: Start, redis: RedisClient
) -> None:
    worker = start(BASE, ECHO_STUCK_SECONDS="1", LATENTRELAY_REAP_SECONDS="3600")  # nobody else sends hints
    until(lambda: [told.state for told in client.workers()] == [WorkerState.READY], "it is ready")
    client.pause(BASE)
    job = client.submit(ALONE)
    until(lambda: hints_of(redis) == 0, "it has taken the hint")
    assert (client.get(job.id).status, worker.poll()) == (JobStatus.QUEUED, None)
    client.resume(BASE)
    assert client.wait(job.id, timeout=60).status is JobStatus.SUCCEEDED


def test_a_worker_tells_what_it_does(client: Client, start: Start) -> None:
    start(BASE)
    wish = {"steps": "400", "step_seconds": "0.05"}
    job = client.submit(ALONE.model_copy(update={"metadata": wish}))

    def at_work() -> WorkerInfo | None:
        return next((told for told in client.workers() if told.step and told.step > 1), None)

    until(lambda: at_work() is not None, "it tells its step")
    told = at_work()
    assert told is not None
    assert (told.job_id, told.steps, told.phase) == (job.id, 400, "denoise")
    assert told.started_at
    assert told.busy_since
    assert told.busy_seconds > 0
    assert told.memory_bytes
    client.cancel(job.id)
    until(lambda: [one.job_id for one in client.workers()] == [None], "it tells that it is idle")
    (idle,) = client.workers()
    assert (idle.step, idle.busy_since) == (None, None)
    assert idle.busy_seconds >= told.busy_seconds


def run(settings: Settings, *words: str) -> str:
    ended = CliRunner().invoke(main, [*words], env=address(settings), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_the_command_line_lists_pauses_drains_and_resumes_stages(client: Client, settings: Settings) -> None:
    job: Job = client.submit(ALONE)
    assert run(settings, "stages", "pause", "sdxl_base") == "sdxl_base is paused: 1 jobs wait, 0 are worked on\n"
    assert "stage sdxl_base: paused" in CliRunner().invoke(main, ["doctor"], env=address(settings)).stdout
    listed = run(settings, "stages").splitlines()
    assert len(listed) == 4
    assert listed[1].split()[:4] == ["sdxl_base", "paused", "0", "1"]
    assert run(settings, "stages", "drain", "sdxl_refiner").startswith("sdxl_refiner is draining")
    told = StageInfo.model_validate_json(run(settings, "stages", "resume", "sdxl_base", "--json"))
    assert told.state is StageState.OPEN
    states = [stage["state"] for stage in json.loads(run(settings, "stages", "--json"))]
    assert states == ["open", "draining", "open"]
    assert job.id in run(settings, "jobs", "--stage", "sdxl_base")
    assert run(settings, "jobs", "--stage", "sdxl_refiner") == "no jobs\n"
    assert CliRunner().invoke(main, ["stages", "pause", "sdxl"]).exit_code == 2
