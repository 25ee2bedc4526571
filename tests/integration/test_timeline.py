"""Where the time of a job went, by what Redis keeps of it."""

from datetime import timedelta

import pytest

from latentrelay import NotFound, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Job, Phase, Problem, StageAttempt
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Answer, Claim, Claims, Limits, RedisClient, connect, keys
from latentrelay.settings import Settings
from tests.processes import Start, until

BASE, REFINER, _ = StageName
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))
RELAY = TextToImage(prompt="x")
BROKE = Problem(code=ErrorCode.OUT_OF_MEMORY, detail="broke", retryable=True)


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    return Claims(redis, lease_seconds=30, max_attempts=3)


def claimed(claims: Claims, stage: StageName = BASE, worker: str = "w") -> Claim:
    claim = claims.claim(stage, f"{worker}/1", worker)
    assert claim is not None
    return claim


def lost(claims: Claims, redis: RedisClient, claim: Claim) -> None:
    """The worker of `claim` falls silent."""
    redis.zadd(keys.LEASES, {claim.job.id: 1})
    claims.reap()


def committed(claims: Claims, claim: Claim) -> None:
    claims.commit(claim, (), (*claim.job.metrics.stages, claim.timing))


def told(attempts: tuple[StageAttempt, ...]) -> list[tuple[StageName, int, str, str | None]]:
    return [(one.stage, one.attempt, one.outcome, one.worker) for one in attempts]


def spans_of(client: Client, job: Job) -> list[tuple[str, int, bool]]:
    return [(span.name, span.attempt, span.ended_at is None) for span in client.timeline(job.id).spans]


def test_every_attempt_is_told_with_its_worker_and_why_it_came_back(
    client: Client, claims: Claims, redis: RedisClient
) -> None:
    job = client.submit(RELAY)
    lost(claims, redis, claimed(claims, worker="killed"))
    claims.release(claimed(claims, worker="ended"))
    claims.retry(claimed(claims, worker="short"), 0, BROKE)
    committed(claims, claimed(claims, worker="good"))
    claims.rewind(claimed(claims, REFINER, "refiner"), BASE, (), BROKE)
    committed(claims, claimed(claims, worker="again"))
    committed(claims, claimed(claims, REFINER, "refiner"))
    attempts = client.timeline(job.id).attempts
    assert told(attempts) == [
        (BASE, 1, "lost", "killed"),
        (BASE, 2, "handed_back", "ended"),
        (BASE, 3, "retried", "short"),
        (BASE, 4, "done", "good"),
        (REFINER, 1, "rewound", "refiner"),
        (BASE, 5, "done", "again"),
        (REFINER, 2, "done", "refiner"),
    ]
    errors = [one.error and one.error.code for one in attempts]
    assert errors == ["internal", None, "out_of_memory", None, "out_of_memory", None, None]


def test_a_job_waits_works_and_is_handed_over_without_a_gap(client: Client, claims: Claims) -> None:
    job = client.submit(RELAY)
    assert spans_of(client, job) == [("queued", 1, True)]
    base = claimed(claims)
    assert spans_of(client, job) == [("queued", 1, False), ("base", 1, True)]
    committed(claims, base)
    assert spans_of(client, job)[-1] == ("handoff", 1, True)
    committed(claims, claimed(claims, REFINER))
    spans = client.timeline(job.id).spans
    assert [span.name for span in spans] == ["queued", "base", "handoff", "refiner"]
    ended = client.get(job.id)
    borders = [job.created_at, *(span.ended_at for span in spans)]
    assert [span.started_at for span in spans] == borders[:-1]
    assert borders[-1] == ended.completed_at


def test_an_attempt_that_is_made_again_is_waited_for(client: Client, claims: Claims, redis: RedisClient) -> None:
    job = client.submit(ALONE)
    lost(claims, redis, claimed(claims))
    claimed(claims)
    assert spans_of(client, job) == [("queued", 1, False), ("base", 1, False), ("queued", 2, False), ("base", 2, True)]


def test_the_last_attempt_that_is_allowed_tells_how_it_ended(client: Client, redis: RedisClient) -> None:
    strict = Claims(redis, lease_seconds=30, max_attempts=1)
    job = client.submit(ALONE)
    lost(strict, redis, claimed(strict))
    other = client.submit(ALONE)
    assert strict.retry(claimed(strict), 0, BROKE) is Answer.FAILED
    assert [one.outcome for one in client.timeline(job.id).attempts] == ["lost"]
    (failed,) = client.timeline(other.id).attempts
    assert (failed.outcome, failed.error) == ("failed", BROKE)


def test_a_job_that_was_canceled_while_it_waited_has_no_attempt(client: Client) -> None:
    job = client.cancel(client.submit(ALONE).id)
    told = client.timeline(job.id)
    assert told.attempts == ()
    assert [(span.name, span.ended_at) for span in told.spans] == [("queued", job.completed_at)]


def test_streams_of_an_earlier_release_are_read_and_what_they_do_not_tell_is_absent(
    client: Client, claims: Claims, redis: RedisClient
) -> None:
    job = client.submit(ALONE)
    claims.retry(claimed(claims), 0, BROKE)
    committed(claims, claimed(claims, worker="other"))
    entries = redis.xrange(keys.events(job.id))
    redis.delete(keys.events(job.id))
    for entry_id, fields in entries:
        kept = {name: value for name, value in fields.items() if name not in ("worker", "outcome")}
        redis.xadd(keys.events(job.id), kept | {"error": ""}, id=entry_id)
    assert told(client.timeline(job.id).attempts) == [(BASE, 1, "retried", None), (BASE, 2, "done", None)]


def test_moves_that_were_forgotten_are_told_by_the_record(client: Client, claims: Claims, redis: RedisClient) -> None:
    job = client.submit(RELAY)
    committed(claims, claimed(claims))
    redis.xtrim(keys.events(job.id), maxlen=1, approximate=False)
    committed(claims, claimed(claims, REFINER))
    assert [(one.stage, one.outcome) for one in client.timeline(job.id).attempts] == [(BASE, "done"), (REFINER, "done")]


def test_an_attempt_under_way_is_told_though_its_beginning_was_forgotten(
    client: Client, claims: Claims, redis: RedisClient
) -> None:
    job = client.submit(RELAY)
    base = claimed(claims)
    redis.xtrim(keys.events(job.id), maxlen=0, approximate=False)
    assert told(client.timeline(job.id).attempts) == [(BASE, 1, "running", "w")]
    assert spans_of(client, job) == [("queued", 1, False), ("base", 1, True)]
    took = base.timing.model_copy(update={"finished_at": base.timing.started_at + timedelta(milliseconds=1)})
    claims.commit(base, (), (took,))
    redis.xtrim(keys.events(job.id), maxlen=0, approximate=False)
    assert spans_of(client, job) == [("queued", 1, False), ("base", 1, False), ("handoff", 1, True)], "nobody holds it"


def test_another_tenants_timeline_is_not_there(client: Client) -> None:
    job = client.submit(ALONE)
    with pytest.raises(NotFound):
        client.confined_to("other", Limits()).timeline(job.id)
    with pytest.raises(NotFound):
        client.timeline("nobody")


def test_a_killed_worker_and_the_phases_of_the_next_are_in_the_timeline(client: Client, start: Start) -> None:
    start(BASE)
    job = client.submit(ALONE.model_copy(update={"metadata": {"die": str(BASE), "step_seconds": "0.01"}}))
    until(lambda: client.get(job.id).status.is_terminal, "it is done by another process")
    timeline = client.timeline(job.id)
    assert [one.outcome for one in timeline.attempts] == ["lost", "done"]
    first, second = (one.worker for one in timeline.attempts)
    assert first != second
    (work,) = (span for span in timeline.spans if (span.name, span.attempt) == ("base", 2))
    assert Phase.DENOISE in {phase.phase for phase in work.phases}
