"""The job record on a real server: states, claims, fences, events."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from latentrelay import (
    ImageSource,
    InvalidRequest,
    JobImage,
    JobStatus,
    Kind,
    NotFound,
    Priority,
    Refine,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.contracts import Artifact, ArtifactKind, JobRequest, Problem, Progress, Role, image_key
from latentrelay.errors import Conflict, ErrorCode, IdempotencyMismatch
from latentrelay.events import EventType
from latentrelay.jobs import Answer, Claim, Claims, DeadLetters, Jobs, Limits, RedisClient, connect, keys
from latentrelay.jobs.reading import MOST_LOOKED_AT
from latentrelay.settings import Settings

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
LATER = TextToImage(prompt="x", deadline=datetime.now(UTC) + timedelta(days=1))
PROBLEM = Problem(code=ErrorCode.INTERNAL, detail="broke", retryable=True)


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def jobs(redis: RedisClient) -> Jobs:
    return Jobs(redis)


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    return Claims(redis, lease_seconds=30, max_attempts=3)


@pytest.fixture
def hasty(redis: RedisClient) -> Claims:
    """Claims whose lease is over as soon as it is given."""
    return Claims(redis, lease_seconds=0.001, max_attempts=3)


def submit(jobs: Jobs, request: JobRequest | None = None) -> str:
    asked = request or TextToImage(prompt="a lighthouse")
    return jobs.submit(uuid.uuid4().hex, asked, asked.with_seed()).id


def claimed(claims: Claims, stage: StageName = BASE, owner: str = "w1") -> Claim:
    claim = claims.claim(stage, owner)
    assert claim is not None
    return claim


def pass_deadline(redis: RedisClient, job_id: str) -> None:
    """Let the deadline of a job lie in the past; waiting for one to come would race with the machine."""
    assert redis.zscore("latentrelay:deadlines", job_id)
    redis.hset(f"latentrelay:job:{job_id}", "deadline", 1)
    redis.zadd("latentrelay:deadlines", {job_id: 1})


def types(jobs: Jobs, job_id: str) -> list[EventType]:
    return [event.type for event in jobs.events(job_id) if event]


def artifact(job_id: str, stage: StageName = REFINER) -> Artifact:
    key = image_key(job_id, stage, 1, 0, "png")
    return Artifact(
        kind=ArtifactKind.IMAGE, key=key, sha256="0" * 64, bytes=1, media_type="image/png", stage=stage, role=Role.FINAL
    )


def test_a_relay_passes_both_stages_and_tells_each_move_once(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    base = claimed(claims)
    assert claims.commit(base, (), (base.timing,)) is Answer.ADVANCED
    between = jobs.get(job_id)
    assert (between.status, between.stage, between.queue and between.queue.position) == (JobStatus.RUNNING, REFINER, 0)
    refiner = claimed(claims, REFINER)
    claims.renew(refiner, progress=Progress(stage=REFINER, step=1, steps=4))
    made = (artifact(job_id),)
    assert claims.commit(refiner, made, (base.timing, refiner.timing)) is Answer.SUCCEEDED
    job = jobs.get(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert [image.ready for image in job.images] == [True]
    assert [timing.stage for timing in job.metrics.stages] == [BASE, REFINER]
    assert types(jobs, job_id) == [
        EventType.QUEUED,
        EventType.STARTED,
        EventType.STAGE_FINISHED,
        EventType.STAGE_STARTED,
        EventType.PROGRESS,
        EventType.SUCCEEDED,
    ]


def test_a_finished_stage_is_told_as_the_stage_and_attempt_that_finished(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claims.retry(claimed(claims), 0, PROBLEM)
    claims.commit(claimed(claims), (), ())
    jobs.cancel(job_id)
    told = [event for event in jobs.events(job_id) if event and event.type is EventType.STAGE_FINISHED]
    assert [(event.stage, event.attempt) for event in told] == [(BASE, 2)]


def test_a_seed_is_drawn_told_and_kept(jobs: Jobs) -> None:
    request = jobs.get(submit(jobs)).request
    assert request.seed is not None
    assert 0 <= request.seed < 2**53


def test_one_job_is_claimed_by_one_worker_alone(jobs: Jobs, claims: Claims) -> None:
    submit(jobs)
    assert claims.claim(BASE, "w1") is not None
    assert claims.claim(BASE, "w2") is None


def test_a_claim_whose_answer_was_lost_gives_the_same_job_again(jobs: Jobs, claims: Claims) -> None:
    submit(jobs)
    submit(jobs)
    assert claimed(claims, owner="w1").fence == claimed(claims, owner="w1").fence


def test_interactive_goes_before_standard_before_batch_and_equals_in_order(jobs: Jobs, claims: Claims) -> None:
    order = [Priority.BATCH, Priority.STANDARD, Priority.STANDARD, Priority.INTERACTIVE]
    ids = []
    for priority in order:
        ids.append(submit(jobs, TextToImage(prompt="x", priority=priority)))
        time.sleep(0.002)  # equal priorities are told apart by the millisecond
    taken = [claimed(claims, owner=f"w{n}").job.id for n in range(4)]
    assert taken == [ids[3], ids[1], ids[2], ids[0]]


def test_a_lost_attempt_is_tried_again_and_its_late_commit_changes_nothing(
    jobs: Jobs, claims: Claims, hasty: Claims
) -> None:
    job_id = submit(jobs)
    lost = claimed(hasty)
    time.sleep(0.01)
    (told,) = claims.reap()
    assert (told.job_id, told.stage, told.attempt) == (job_id, BASE, 1)
    assert (jobs.get(job_id).status, jobs.get(job_id).attempt) == (JobStatus.QUEUED, 2)
    again = claimed(claims, owner="w2")
    assert claims.commit(lost, (), ()) is Answer.LOST
    assert claims.renew(lost) is Answer.LOST
    assert claims.fail(lost, PROBLEM) is Answer.LOST
    assert jobs.get(job_id).status is JobStatus.RUNNING
    assert claims.commit(again, (), ()) is Answer.ADVANCED


def test_a_commit_whose_answer_was_lost_may_be_repeated(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    job_id = submit(jobs)
    claim = claimed(claims)
    assert claims.commit(claim, (), ()) is Answer.ADVANCED
    assert claims.commit(claim, (), ()) is Answer.ADVANCED
    assert redis.zcard(keys.pending(REFINER)) == 1
    assert jobs.get(job_id).sequence == 3


def test_after_three_lost_attempts_a_job_fails_and_is_buried_with_the_reason(
    jobs: Jobs, claims: Claims, hasty: Claims, redis: RedisClient
) -> None:
    job_id = submit(jobs)
    for attempt in range(3):
        claimed(hasty, owner=f"w{attempt}")
        time.sleep(0.01)
        claims.reap()
    job = jobs.get(job_id)
    assert (job.status, job.error and job.error.code) == (JobStatus.FAILED, ErrorCode.INTERNAL)
    assert DeadLetters(redis, lambda _: jobs).list()[0].job_id == job_id


def test_attempts_are_counted_for_each_stage(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claims.retry(claimed(claims), 0, PROBLEM)
    assert jobs.get(job_id).attempt == 2
    claims.commit(claimed(claims), (), ())
    assert jobs.get(job_id).attempt == 1


def test_a_job_given_back_waits_its_delay_and_comes_back(jobs: Jobs, claims: Claims) -> None:
    submit(jobs)
    claims.retry(claimed(claims), 0.05, PROBLEM)
    assert claims.claim(BASE, "w1") is None
    time.sleep(0.06)
    claims.reap()
    assert claimed(claims).job.attempt == 2


def test_a_queued_job_is_canceled_at_once_and_never_starts(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    assert jobs.cancel(job_id).status is JobStatus.CANCELED
    assert claims.claim(BASE, "w1") is None
    assert types(jobs, job_id)[-1] is EventType.CANCELED


def test_a_job_between_stages_is_canceled_at_once(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claims.commit(claimed(claims), (), ())
    assert jobs.cancel(job_id).status is JobStatus.CANCELED
    assert claims.claim(REFINER, "w1") is None


def test_a_running_job_is_canceled_by_its_worker_and_only_that_job(jobs: Jobs, claims: Claims) -> None:
    mine, other = submit(jobs), submit(jobs)
    first, second = claimed(claims, owner="w1"), claimed(claims, owner="w2")
    jobs.cancel(first.job.id)
    assert jobs.get(first.job.id).cancel_requested
    assert claims.renew(first) is Answer.CANCELED
    assert claims.renew(second) is Answer.OK
    assert claims.cancel(first) is Answer.CANCELED
    assert {first.job.id, second.job.id} == {mine, other}
    assert jobs.get(second.job.id).status is JobStatus.RUNNING


def test_a_cancel_that_comes_before_the_commit_wins(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs, TextToImage(prompt="x", refine=Refine(mode="none")))
    claim = claimed(claims)
    jobs.cancel(job_id)
    assert claims.commit(claim, (), ()) is Answer.CANCELED
    assert jobs.get(job_id).status is JobStatus.CANCELED


def test_a_job_that_has_ended_stays_as_it_is(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs, TextToImage(prompt="x", refine=Refine(mode="none")))
    claims.commit(claimed(claims), (), ())
    assert jobs.cancel(job_id).status is JobStatus.SUCCEEDED


def test_a_job_past_its_deadline_expires_before_it_starts(jobs: Jobs, claims: Claims) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=20)
    job_id = submit(jobs, TextToImage(prompt="x", deadline=soon))
    time.sleep(0.03)
    assert claims.claim(BASE, "w1") is None
    assert jobs.get(job_id).status is JobStatus.EXPIRED


def test_a_job_past_its_deadline_is_told_so_while_it_runs(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    submit(jobs, LATER)
    claim = claimed(claims)
    assert claims.renew(claim) is Answer.OK
    pass_deadline(redis, claim.job.id)
    assert claims.renew(claim) is Answer.LATE


def test_a_job_past_its_deadline_is_ended_where_no_worker_would_ever_claim_it(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    between = submit(jobs, LATER)
    claims.commit(claimed(claims), (), ())
    waits = submit(jobs, LATER)
    claims.reap()
    assert jobs.get(waits).status is JobStatus.QUEUED
    for job_id in (between, waits):
        pass_deadline(redis, job_id)
    claims.reap()
    assert jobs.get(between).status is JobStatus.FAILED
    assert jobs.get(waits).status is JobStatus.EXPIRED


def test_an_outage_of_redis_longer_than_a_lease_loses_no_attempt(jobs: Jobs, redis: RedisClient) -> None:
    job_id = submit(jobs)
    brief = Claims(redis, lease_seconds=0.2, max_attempts=3)
    brief.reap()
    claim = claimed(brief)
    time.sleep(0.3)  # nobody reaps, nobody renews: Redis is away
    assert brief.reap() == ()
    assert brief.commit(claim, (), ()) is Answer.ADVANCED
    assert jobs.get(job_id).stage is REFINER


def test_a_lease_that_ran_out_while_nobody_reaped_for_half_of_it_is_let_once(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    submit(jobs)
    claims.reap()
    claim = claimed(claims)
    for lost in ([], [claim.job.id]):  # the second time nobody has renewed it since
        redis.zincrby("latentrelay:leases", -3_600_000, claim.job.id)
        redis.decrby("latentrelay:reaped_at", 16_000)  # of a lease of 30 s
        assert [one.job_id for one in claims.reap()] == lost


def test_a_late_job_whose_worker_is_lost_ends_as_late(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    job_id = submit(jobs, LATER)
    claimed(claims)
    pass_deadline(redis, job_id)
    redis.zadd("latentrelay:leases", {job_id: 1})
    assert [lost.job_id for lost in claims.reap()] == [job_id], "its attempt is lost, and none follows"
    error = jobs.get(job_id).error
    assert error is not None
    assert error.code is ErrorCode.DEADLINE_EXCEEDED
    assert EventType.RETRIED not in types(jobs, job_id)


def test_late_jobs_that_are_held_do_not_stand_before_late_ones_that_wait(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    held = [submit(jobs, LATER) for _ in range(101)]
    for number in range(101):
        claimed(claims, owner=f"w{number}")
    waits = submit(jobs, LATER)
    for job_id in (*held, waits):
        pass_deadline(redis, job_id)
    redis.zincrby("latentrelay:deadlines", 1, waits)  # the last of them
    claims.reap()
    claims.reap()
    assert jobs.get(waits).status is JobStatus.EXPIRED


def test_a_running_job_whose_worker_is_gone_is_canceled_at_once(jobs: Jobs, hasty: Claims) -> None:
    job_id = submit(jobs)
    claimed(hasty)
    time.sleep(0.01)
    assert jobs.cancel(job_id).status is JobStatus.CANCELED


def test_a_cancel_that_comes_before_a_failure_wins(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claim = claimed(claims)
    jobs.cancel(job_id)
    assert claims.fail(claim, PROBLEM) is Answer.CANCELED
    assert jobs.get(job_id).status is JobStatus.CANCELED


def test_a_record_of_a_later_minor_version_is_read_and_worked_on(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    job_id = submit(jobs)
    request = json.loads(redis.hget(f"latentrelay:job:{job_id}", "request"))
    request["refine"]["new"] = request["lora_scale"] = 1
    redis.hset(f"latentrelay:job:{job_id}", "request", json.dumps(request))
    assert jobs.list().jobs[0].id == job_id
    assert claimed(claims).job.id == job_id


def test_a_record_nobody_can_read_fails_alone(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    broken = submit(jobs)
    redis.hset(f"latentrelay:job:{broken}", "request", "{")
    good = submit(jobs)
    assert claims.claim(BASE, "w1") is None
    assert claimed(claims).job.id == good
    assert redis.hget(f"latentrelay:job:{broken}", "status") == "failed"
    assert [job.id for job in jobs.list().jobs] == [good]


def test_an_idempotency_key_answers_with_the_same_job_and_refuses_another_request(jobs: Jobs) -> None:
    request = TextToImage(prompt="x", idempotency_key="k1")
    assert submit(jobs, request) == submit(jobs, request)
    with pytest.raises(IdempotencyMismatch):
        submit(jobs, TextToImage(prompt="y", idempotency_key="k1"))


def test_a_listing_repeats_no_job_while_others_arrive(jobs: Jobs) -> None:
    ids = [submit(jobs) for _ in range(120)]
    listed = []
    page = jobs.list(limit=50)
    while True:
        listed += [job.id for job in page.jobs]
        submit(jobs)
        if page.next_cursor is None:
            break
        page = jobs.list(limit=50, cursor=page.next_cursor)
    assert sorted(listed) == sorted(ids)


def test_jobs_are_listed_newest_first_in_pages_by_status_and_kind(jobs: Jobs) -> None:
    ids = []
    for _ in range(5):
        ids.append(submit(jobs))
        time.sleep(0.002)
    jobs.cancel(ids[2])
    first = jobs.list(limit=3)
    second = jobs.list(limit=3, cursor=first.next_cursor)
    assert [job.id for job in (*first.jobs, *second.jobs)] == ids[::-1]
    assert second.next_cursor is None
    assert [job.id for job in jobs.list(status=JobStatus.CANCELED).jobs] == [ids[2]]
    assert jobs.list(kind=Kind.VARIATION).jobs == ()


def test_a_listing_looks_at_so_many_jobs_and_leaves_the_rest_to_the_next_page(jobs: Jobs) -> None:
    rare = submit(jobs)
    jobs.cancel(rare)
    for _ in range(MOST_LOOKED_AT):
        submit(jobs)
    ours = jobs.confined_to("default", Limits())
    first = ours.list(status=JobStatus.CANCELED)
    assert first.jobs == ()
    second = ours.list(status=JobStatus.CANCELED, cursor=first.next_cursor)
    assert [job.id for job in second.jobs] == [rare]
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "é", "bmFuIHg="])
def test_a_cursor_that_no_listing_gave_is_refused(jobs: Jobs, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        jobs.list(cursor=cursor)


def test_a_job_that_has_ended_can_be_forgotten_and_a_live_one_cannot(jobs: Jobs) -> None:
    job_id = submit(jobs)
    with pytest.raises(Conflict):
        jobs.delete(job_id)
    jobs.cancel(job_id)
    jobs.delete(job_id)
    with pytest.raises(NotFound):
        jobs.get(job_id)
    assert jobs.list().jobs == ()


def test_an_event_stream_resumes_after_the_event_that_was_seen_last(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claimed(claims)
    seen = next(event for event in jobs.events(job_id) if event)
    jobs.cancel(job_id)
    claims.cancel(claimed(claims))
    rest = [event.type for event in jobs.events(job_id, after=seen.id) if event]
    assert rest == [EventType.STARTED, EventType.CANCEL_REQUESTED, EventType.CANCELED]


def test_watching_a_job_ends_where_its_last_event_was_lost(jobs: Jobs, redis: RedisClient) -> None:
    job_id = submit(jobs)
    jobs.cancel(job_id)
    redis.delete(f"latentrelay:events:{job_id}")
    assert types(jobs, job_id) == []


def test_unknown_jobs_are_not_found(jobs: Jobs) -> None:
    for call in (jobs.get, jobs.cancel, jobs.delete):
        with pytest.raises(NotFound):
            call("no-such-job")
        with pytest.raises(NotFound):
            call("\udc00/../x")


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        (lambda claims, claim: claims.retry(claim, 0, PROBLEM), Answer.QUEUED),
        (lambda claims, claim: claims.retry(claim, 60, PROBLEM), Answer.QUEUED),
        (lambda claims, claim: claims.release(claim), Answer.QUEUED),
        (lambda claims, claim: claims.fail(claim, PROBLEM), Answer.FAILED),
        (lambda claims, claim: claims.cancel(claim), Answer.CANCELED),
        (lambda claims, claim: claims.commit(claim, (), ()), Answer.ADVANCED),
    ],
)
def test_a_last_word_whose_answer_was_lost_is_answered_alike_and_counts_once(
    jobs: Jobs, claims: Claims, word: Callable[[Claims, Claim], Answer], answer: Answer
) -> None:
    job_id = submit(jobs)
    claim = claimed(claims)
    assert word(claims, claim) is answer
    before = jobs.get(job_id)
    assert word(claims, claim) is answer
    assert jobs.get(job_id) == before


def test_a_commit_repeated_after_the_next_stage_is_done_too_is_answered_alike(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    base = claimed(claims)
    claims.commit(base, (), ())
    claims.commit(claimed(claims, REFINER, "w2"), (artifact(job_id),), ())
    assert claims.commit(base, (), ()) is Answer.ADVANCED
    assert jobs.get(job_id).status is JobStatus.SUCCEEDED


def test_an_owner_holds_one_job(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claims.commit(claimed(claims), (), ())
    submit(jobs)
    claim = claimed(claims)
    assert claims.claim(REFINER, "w1") is None
    assert claimed(claims, owner="w1").fence == claim.fence
    assert claimed(claims, REFINER, "w2").job.id == job_id


def test_a_job_handed_back_has_all_its_attempts_left_and_writes_over_nothing(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    numbers = []
    for _ in range(5):
        claim = claimed(claims)
        numbers.append(claim.job.attempt)
        assert claims.release(claim) is Answer.QUEUED
    assert numbers == [1, 2, 3, 4, 5]
    for answer in (Answer.QUEUED, Answer.QUEUED, Answer.FAILED):
        assert claims.retry(claimed(claims), 0, PROBLEM) is answer
    assert jobs.get(job_id).status is JobStatus.FAILED


def test_an_object_that_was_lost_is_made_again_by_its_stage_once(jobs: Jobs, claims: Claims) -> None:
    job_id = submit(jobs)
    claims.commit(claimed(claims), (artifact(job_id, BASE),), ())
    assert claims.rewind(claimed(claims, REFINER), BASE, (), PROBLEM) is Answer.QUEUED
    again = claimed(claims)
    assert (again.job.id, again.job.stage, again.job.attempt, again.job.artifacts) == (job_id, BASE, 2, ())
    claims.commit(again, (artifact(job_id, BASE),), ())
    refiner = claimed(claims, REFINER)
    assert refiner.job.attempt == 2
    assert claims.rewind(refiner, BASE, (), PROBLEM) is Answer.REFUSED
    assert claims.commit(refiner, (artifact(job_id),), ()) is Answer.SUCCEEDED


def test_a_stage_that_does_not_come_before_is_not_gone_back_to(jobs: Jobs, claims: Claims) -> None:
    submit(jobs)
    claim = claimed(claims)
    assert claims.rewind(claim, REFINER, (), PROBLEM) is Answer.REFUSED
    assert claims.renew(claim) is Answer.OK


def reading(jobs: Jobs, source: str) -> str:
    """A job that reads the image of another."""
    asked = Variation(image=ImageSource(job=JobImage(job_id=source)))
    return jobs.submit(uuid.uuid4().hex, asked, asked.with_seed(), (artifact(source),)).id


def test_what_a_live_job_reads_is_neither_stripped_nor_forgotten(jobs: Jobs, claims: Claims) -> None:
    source = submit(jobs, TextToImage(prompt="x", refine=Refine(mode="none")))
    claims.commit(claimed(claims), (artifact(source),), ())
    reader = reading(jobs, source)
    for forget in (jobs.strip, jobs.delete):
        with pytest.raises(Conflict, match="reads what this one made"):
            forget(source)
    jobs.cancel(reader)
    assert jobs.strip(source) == (artifact(source),)
    jobs.delete(source)


def test_a_job_that_another_one_strips_at_the_same_time_is_stripped(jobs: Jobs, claims: Claims) -> None:
    source = submit(jobs, TextToImage(prompt="x", refine=Refine(mode="none")))
    claims.commit(claimed(claims), (artifact(source),), ())

    class Overtaken:
        """Kinds that are asked about between reading and writing; the other one goes first."""

        def __contains__(self, kind: object) -> bool:
            jobs.strip(source)
            return True

    assert jobs.strip(source, Overtaken()) == ()
    assert jobs.get(source).artifacts == ()


def test_a_record_that_is_not_whole_is_stripped_of_nothing(jobs: Jobs, redis: RedisClient) -> None:
    source = submit(jobs)
    jobs.cancel(source)
    redis.hdel(keys.job(source), "artifacts")
    assert jobs.strip(source) == ()


def test_a_job_whose_input_was_swept_meanwhile_is_not_recorded(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    source = submit(jobs, TextToImage(prompt="x", refine=Refine(mode="none")))
    claims.commit(claimed(claims), (artifact(source),), ())
    jobs.strip(source)
    before = set(redis.scan_iter())
    with pytest.raises(NotFound, match="no object"):
        reading(jobs, source)
    assert set(redis.scan_iter()) == before
