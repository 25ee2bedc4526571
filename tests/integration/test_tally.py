"""Ends are counted once, whoever makes them."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from latentrelay import JobStatus, Refine, RefineMode, StageName, TextToImage, Variation
from latentrelay.contracts import DeadKind, ImageSource, JobRequest, Kind, Problem
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Answer, Claim, Claims, Jobs, RedisClient, bury_message, connect, tally
from latentrelay.jobs.tally import End
from latentrelay.settings import Settings

BASE = StageName.SDXL_BASE
PROBLEM = Problem(code=ErrorCode.OUT_OF_MEMORY, detail='it said {"code":"internal"}', retryable=True)
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def jobs(redis: RedisClient) -> Jobs:
    return Jobs(redis)


def claims(redis: RedisClient, *, lease_seconds: float = 30) -> Claims:
    return Claims(redis, lease_seconds=lease_seconds, max_attempts=1)


def submit(jobs: Jobs, request: JobRequest = ALONE) -> str:
    return jobs.submit(uuid.uuid4().hex, request, request.with_seed()).id


def claimed(found: Claims) -> Claim:
    claim = found.claim(BASE, uuid.uuid4().hex)
    assert claim is not None
    return claim


def ends(redis: RedisClient) -> dict[End, int]:
    return {end: count for end, count in tally(redis).finished.items() if count}


def test_before_anything_happened_every_way_in_which_a_job_can_end_counts_0(redis: RedisClient) -> None:
    told = tally(redis)
    assert set(told.finished.values()) == set(told.buried.values()) == {0}
    assert End(Kind.VARIATION, JobStatus.FAILED, ErrorCode.UNSAFE_URL) in told.finished
    assert told.dead_letters == 0


def test_a_commit_that_is_repeated_counts_once_and_a_late_one_never(jobs: Jobs, redis: RedisClient) -> None:
    submit(jobs)
    claim = claimed(claims(redis))
    for _ in range(2):
        assert claims(redis).commit(claim, (), (claim.timing,)) is Answer.SUCCEEDED
    jobs.cancel(claim.job.id)
    assert claims(redis).fail(claim, PROBLEM) is Answer.LOST
    assert ends(redis) == {End(Kind.TEXT_TO_IMAGE, JobStatus.SUCCEEDED): 1}


def test_who_cancels_who_reaps_and_who_fails_count_alike(jobs: Jobs, redis: RedisClient) -> None:
    variation = Variation(image=ImageSource(upload_id="u"))
    jobs.cancel(submit(jobs, variation))
    submit(jobs, ALONE.model_copy(update={"deadline": datetime.now(UTC) - timedelta(seconds=1)}))
    claims(redis).reap()
    submit(jobs)
    claims(redis).fail(claimed(claims(redis)), PROBLEM)
    submit(jobs)
    claim = claimed(claims(redis))
    jobs.cancel(claim.job.id)
    claims(redis).cancel(claim)
    assert ends(redis) == {
        End(Kind.VARIATION, JobStatus.CANCELED): 1,
        End(Kind.TEXT_TO_IMAGE, JobStatus.EXPIRED, ErrorCode.DEADLINE_EXCEEDED): 1,
        End(Kind.TEXT_TO_IMAGE, JobStatus.FAILED, ErrorCode.OUT_OF_MEMORY): 1,
        End(Kind.TEXT_TO_IMAGE, JobStatus.CANCELED): 1,
    }


def test_a_job_that_used_up_its_attempts_counts_as_failed_and_as_a_dead_letter(jobs: Jobs, redis: RedisClient) -> None:
    submit(jobs)
    claimed(claims(redis, lease_seconds=0.001))
    while not claims(redis).reap():
        pass
    assert ends(redis) == {End(Kind.TEXT_TO_IMAGE, JobStatus.FAILED, ErrorCode.INTERNAL): 1}
    assert tally(redis).buried == {DeadKind.JOB: 1, DeadKind.MESSAGE: 0}


def test_dead_letters_are_counted_for_good_and_told_while_they_are_kept(redis: RedisClient) -> None:
    bury_message(redis, BASE, "the message is not JSON", "x")
    assert tally(redis).dead_letters == 1
    redis.delete("latentrelay:dead")
    told = tally(redis)
    assert (told.buried[DeadKind.MESSAGE], told.dead_letters) == (1, 0)


def test_what_a_later_release_counted_is_not_lost(redis: RedisClient) -> None:
    redis.hset(
        "latentrelay:finished",
        mapping={"variation:failed:unheard_of": 2, "sculpture:succeeded:": 3, "variation:dreamt:": 4},
    )
    assert ends(redis) == {End(Kind.VARIATION, JobStatus.FAILED, ErrorCode.INTERNAL): 2}
