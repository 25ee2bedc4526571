"""The record is the truth: whatever else Redis lost or kept, jobs are put where their records say."""

import uuid
from collections.abc import Callable
from contextlib import suppress

import pytest

from latentrelay import ImageSource, JobStatus, NotFound, Refine, RefineMode, StageName, TextToImage, Variation
from latentrelay.contracts import Artifact, ArtifactKind, Problem, input_key
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Answer, Claim, Claims, Jobs, RedisClient, connect, keys
from latentrelay.settings import Settings

BASE, REFINER = StageName.SDXL_BASE, StageName.SDXL_REFINER
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


def submit(jobs: Jobs, mode: RefineMode = RefineMode.ENSEMBLE) -> str:
    request = TextToImage(prompt="x", refine=Refine(mode=mode))
    return jobs.submit(uuid.uuid4().hex, request, request.with_seed()).id


def claimed(claims: Claims, stage: StageName = BASE) -> Claim:
    claim = claims.claim(stage, uuid.uuid4().hex)
    assert claim is not None
    return claim


def lose(redis: RedisClient, *kinds: str) -> None:
    """Everything whose key begins with one of these is gone."""
    for kind in kinds:
        gone = [*redis.scan_iter(match=f"latentrelay:{kind}*", count=1000)]
        assert gone
        redis.delete(*gone)


def lose_all_but_records(redis: RedisClient) -> None:
    kept = ("latentrelay:job:", "latentrelay:events:", "latentrelay:upload")
    redis.delete(*(key for key in redis.scan_iter(count=1000) if not key.startswith(kept)))


def places(redis: RedisClient) -> dict[str, object]:
    """Where every job is, leases without their ends, turns without their numbers."""
    found: dict[str, object] = {}
    for key in redis.scan_iter(count=1000):
        kind = key.split(":")[1]
        if kind in ("lane", "since", "pending", "jobs", "delayed", "deadlines"):
            found[key] = redis.zrange(key, 0, -1, withscores=True)
        elif kind in ("leases", "turns"):
            found[key] = sorted(redis.zrange(key, 0, -1))
        elif kind in ("live", "refs"):
            found[key] = redis.smembers(key)
        elif kind == "owners":
            found[key] = redis.hgetall(key)
    return found


def one_of_each(jobs: Jobs, claims: Claims, redis: RedisClient) -> list[str]:
    """A job in each place: held, between stages, ended, canceled, waiting for two stages."""
    upload = Artifact(kind=ArtifactKind.INPUT, key=input_key("u1"), sha256="0" * 64, bytes=1, media_type="image/png")
    redis.set("latentrelay:upload:u1", upload.model_dump_json())
    reads = Variation(image=ImageSource(upload_id="u1"))
    ids = [submit(jobs), submit(jobs, RefineMode.NONE), submit(jobs), submit(jobs), submit(jobs)]
    claims.commit(claimed(claims), (), ())
    claims.commit(claimed(claims), (), ())
    claimed(claims)
    jobs.cancel(ids[3])
    return [*ids, jobs.submit("reads", reads, reads.with_seed(), (upload,)).id]


def test_a_flushed_queue_is_made_again_from_the_records(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    ids = one_of_each(jobs, claims, redis)
    before = places(redis)
    lose_all_but_records(redis)
    assert set(claims.place(ids)) == set(ids)
    assert places(redis) == before
    assert claims.place(ids) == ()


def test_jobs_that_are_in_their_places_stay_there(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    ids = one_of_each(jobs, claims, redis)
    before = places(redis)
    assert claims.place(ids) == ()
    assert places(redis) == before


def test_a_job_that_was_recorded_but_never_queued_is_queued_in_its_order(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    ids = [submit(jobs) for _ in range(30)]
    lose(redis, "lane:", "since:", "pending:", "turns:", "afters:")
    assert claims.claim(BASE, "w1") is None
    assert set(claims.place(reversed(ids))) == set(ids)
    assert [claimed(claims).job.id for _ in ids] == ids


@pytest.mark.parametrize("part", ["lane:", "since:", "pending:", "turns:", "afters:"])
def test_a_job_that_has_lost_a_part_of_its_place_gets_it_back(
    jobs: Jobs, claims: Claims, redis: RedisClient, part: str
) -> None:
    job_id = submit(jobs)
    before = places(redis)
    lose(redis, part)
    assert claims.place([job_id]) == (job_id,)
    assert places(redis) == before


def test_a_delayed_job_whose_delay_was_lost_waits_no_longer(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    job_id = submit(jobs)
    claims.retry(claimed(claims), 600, PROBLEM)
    assert claims.place([job_id]) == ()
    lose(redis, "delayed")
    assert claims.place([job_id]) == (job_id,)
    assert claimed(claims).job.attempt == 2


def test_a_held_job_whose_lease_was_lost_gets_one_and_its_worker_goes_on(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    job_id = submit(jobs)
    claim = claimed(claims)
    lose(redis, "leases", "owners")
    assert claims.place([job_id]) == (job_id,)
    assert redis.zscore("latentrelay:leases", job_id)
    assert redis.hget("latentrelay:owners", claim.owner) == job_id
    assert claims.commit(claim, (), ()) is Answer.ADVANCED


def test_entries_of_jobs_that_have_ended_are_dropped(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    job_id = submit(jobs)
    entry = redis.dump(f"latentrelay:lane:{BASE}:1:{REFINER}:default")
    jobs.cancel(job_id)
    before = places(redis)
    redis.restore(f"latentrelay:lane:{BASE}:1:{REFINER}:default", 0, entry)
    for key in ("leases", "delayed", "deadlines", f"pending:{BASE}"):
        redis.zadd(f"latentrelay:{key}", {job_id: 1})
    redis.sadd("latentrelay:live:default", job_id)
    assert claims.place([job_id]) == (job_id,)
    assert places(redis) == before
    assert jobs.get(job_id).status is JobStatus.CANCELED


def test_entries_without_a_record_are_dropped_and_harm_nobody_before(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    ghost, job_id = submit(jobs), submit(jobs)
    redis.delete(f"latentrelay:job:{ghost}", f"latentrelay:events:{ghost}")
    redis.zadd("latentrelay:leases", {ghost: 1})
    redis.zadd("latentrelay:deadlines", {ghost: 1})
    assert claims.reap() == ()
    assert claims.place([ghost]) == (ghost,)
    assert redis.zcard(keys.pending(BASE)) == 1
    assert claimed(claims).job.id == job_id
    assert claims.claim(BASE, "w2") is None


def test_a_claim_passes_over_an_entry_without_a_record(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    ghost, job_id = submit(jobs), submit(jobs)
    redis.delete(f"latentrelay:job:{ghost}")
    assert claimed(claims).job.id == job_id
    assert redis.zcard(keys.pending(BASE)) == 0


def test_the_index_is_made_again(jobs: Jobs, claims: Claims, redis: RedisClient) -> None:
    ids = [submit(jobs) for _ in range(3)]
    jobs.cancel(ids[0])
    redis.delete("latentrelay:jobs", "latentrelay:jobs:queued")
    redis.zadd("latentrelay:jobs:running", {ids[0]: 1})
    assert set(claims.place(ids)) == set(ids)
    assert {job.id for job in jobs.list().jobs} == set(ids)
    assert {job.id for job in jobs.list(status=JobStatus.QUEUED).jobs} == set(ids[1:])
    assert jobs.list(status=JobStatus.RUNNING).jobs == ()


def test_owners_and_readers_that_no_live_job_stands_behind_are_swept_and_the_others_stay(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    one_of_each(jobs, claims, redis)
    before = places(redis)
    assert claims.sweep_strays() == 0
    redis.hset("latentrelay:owners", "nobody", "ghost")
    for key in ("live:default", "refs:u1", "refs:other"):
        redis.sadd(f"latentrelay:{key}", "ghost")
    assert claims.sweep_strays() == 4
    assert places(redis) == before


def record_without(*names: str) -> Callable[[RedisClient, str], None]:
    return lambda redis, job_id: redis.hdel(f"latentrelay:job:{job_id}", *names)


@pytest.mark.parametrize(
    "broken",
    [
        record_without("route"),
        record_without("tenant", "priority"),
        record_without("inputs", "deadline", "first_attempt"),
        record_without("created_at", "sequence", "waits_since"),
        lambda redis, job_id: redis.hset(f"latentrelay:job:{job_id}", "inputs", "{"),
    ],
)
def test_a_record_that_is_not_whole_stops_no_script_that_serves_the_others(
    jobs: Jobs, claims: Claims, redis: RedisClient, broken: Callable[[RedisClient, str], None]
) -> None:
    lost, held, waits, good = (submit(jobs) for _ in range(4))
    claimed(claims)
    claim = claimed(claims)
    for job_id in (lost, held, waits):
        broken(redis, job_id)
    redis.zadd("latentrelay:leases", {lost: 1})
    assert [one.job_id for one in claims.reap()] == [lost]
    claims.renew(claim)
    claims.fail(claim, PROBLEM)
    with suppress(NotFound):  # it is canceled, and cannot be read
        jobs.cancel(waits)
    claims.place([lost, held, waits, good])
    statuses = [redis.hget(f"latentrelay:job:{job_id}", "status") for job_id in (held, waits)]
    assert statuses == ["failed", "canceled"]
    taken = [claims.claim(BASE, owner) for owner in ("w1", "w2")]
    assert good in {claim.job.id for claim in taken if claim}


def test_reaping_less_often_than_a_lease_lasts_still_finds_what_was_lost(
    jobs: Jobs, claims: Claims, redis: RedisClient
) -> None:
    job_id = submit(jobs)
    claims.reap()
    claimed(claims)
    found = [*an_hour_later(claims, redis), *an_hour_later(claims, redis)]
    assert found == [job_id]


def an_hour_later(claims: Claims, redis: RedisClient) -> list[str]:
    redis.decrby("latentrelay:reaped_at", 3_600_000)
    for job_id in redis.zrange("latentrelay:leases", 0, -1):
        redis.zincrby("latentrelay:leases", -3_600_000, job_id)
    return [lost.job_id for lost in claims.reap()]
