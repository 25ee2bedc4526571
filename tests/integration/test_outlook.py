"""When jobs will be done and what one would cost, from what the workers of a real stack did."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from latentrelay import ImageSource, JobImage, Refine, Refinement, RefineMode, StageName, TextToImage, Variation
from latentrelay.client import Client
from latentrelay.contracts import JobRequest, StageTiming, WorkerInfo, WorkerState
from latentrelay.cost import work
from latentrelay.errors import Forbidden, RateLimited
from latentrelay.jobs import Claim, Claims, Limits, RedisClient, Workers, connect, keys
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.processes import Start, until
from tests.stateful.snapshot import Snapshot

BASE, REFINER, UNCLIP = StageName
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))
RELAY = TextToImage(prompt="x")
PEAK_BYTES = 64 * 2**20  # of every echo worker, it says, and as much again for each job
DATA_URI = "data:image/png;base64," + base64.b64encode(b"what a PNG would hold").decode()


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    return Claims(redis, lease_seconds=30, max_attempts=3)


def serve(redis: RedisClient, stage: StageName, state: WorkerState = WorkerState.READY, **more: Any) -> None:
    """Be a worker of `stage`, as far as others see it."""
    Workers(redis).tell(WorkerInfo(id=f"w-{stage}", stage=stage, state=state, host="here", pid=1, **more))


def done_in(seconds: float, claims: Claims, stage: StageName = BASE) -> Claim:
    """Do the job of `stage` that goes first, as if it took so long."""
    claim = claims.claim(stage, f"w-{stage}")
    assert claim is not None
    commit(seconds, claim, claims)
    return claim


def commit(seconds: float, claim: Claim, claims: Claims) -> None:
    finished_at = claim.timing.started_at + timedelta(seconds=seconds)
    timing: StageTiming = claim.timing.model_copy(update={"finished_at": finished_at})
    claims.commit(claim, (), (timing,), work(claim.job.request, claim.timing.stage))


def seconds_of(settings: Settings, request: JobRequest) -> float | None:
    """What a request would take, by an outlook that is fresh."""
    told = Client(settings).estimate(request)
    assert told.accepted, told.refusal
    return told.seconds


def test_what_a_stage_took_is_what_a_job_like_it_will_take(
    client: Client, claims: Claims, redis: RedisClient, settings: Settings
) -> None:
    serve(redis, BASE)
    assert seconds_of(settings, ALONE) is None
    client.submit(ALONE)
    done_in(12.0, claims)
    assert seconds_of(settings, ALONE) == 12.0
    larger = ALONE.model_copy(update={"num_inference_steps": 60, "num_images_per_prompt": 3})
    assert seconds_of(settings, larger) == 72.0


def test_a_job_waits_for_as_long_as_those_before_it_take_however_small_the_last_ones_were(
    client: Client, claims: Claims, redis: RedisClient, settings: Settings
) -> None:
    serve(redis, BASE, WorkerState.BUSY)
    client.submit(ALONE)
    done_in(10.0, claims)
    large = ALONE.model_copy(update={"num_images_per_prompt": 8})
    client.submit(large)
    claims.claim(BASE, "w")
    waiting = [client.submit(large) for _ in range(2)]
    told = [Client(settings).get(job.id).queue for job in waiting]
    assert [place and place.eta_seconds for place in told] == [80.0, 160.0]


def test_the_pace_follows_the_last_jobs(client: Client, claims: Claims, redis: RedisClient, settings: Settings) -> None:
    told = list[float]()
    for seconds in (*[10.0] * 10, *[20.0] * 60):
        serve(redis, BASE)
        client.submit(ALONE)
        done_in(seconds, claims)
        if seconds_of(settings, ALONE) is not None:
            told.append(seconds_of(settings, ALONE) or 0.0)
    assert told == sorted(told)
    assert 10.0 == told[0] < told[10] < 20.0
    assert told[-1] == pytest.approx(20.0, rel=0.05)


def test_a_job_without_a_size_counts_as_what_its_worker_draws(client: Client, start: Start, settings: Settings) -> None:
    start(BASE, ECHO_SIZE="128x128")
    wish = {"step_seconds": "0.05"}
    client.wait(client.submit(ALONE.model_copy(update={"metadata": wish})).id)
    sizes = (None, 128, 1024)
    told = [Client(settings).estimate(ALONE.model_copy(update={"width": side, "height": side})) for side in sizes]
    assert [each.pixels for each in told] == [128 * 128, 128 * 128, 1024 * 1024]
    small, asked, large = (each.stages[0].seconds for each in told)
    assert small == asked
    assert (small or 0) >= 0.1  # two steps
    assert large == pytest.approx(64 * (small or 0), rel=0.05)


def test_of_workers_whose_models_differ_the_largest_size_counts(redis: RedisClient, settings: Settings) -> None:
    for size in ("64x64", "256x256", "of no size"):
        worker = WorkerInfo(id=size, stage=BASE, state=WorkerState.BUSY, host="here", pid=1, model={"size": size})
        Workers(redis).tell(worker)
    assert Client(settings).estimate(ALONE).pixels == 256 * 256


def test_a_refinement_counts_as_large_as_the_image_that_it_continues(
    client: Client, start: Start, settings: Settings
) -> None:
    start(BASE, ECHO_SIZE="128x192")
    job = client.wait(client.submit(ALONE).id)
    source = ImageSource(job=JobImage(job_id=job.id))
    assert Client(settings).estimate(Refinement(prompt="x", image=source)).pixels == 128 * 192


def test_a_commit_that_is_repeated_counts_once(client: Client, claims: Claims, redis: RedisClient) -> None:
    client.submit(ALONE)
    claim = done_in(12.0, claims)
    before = redis.hgetall(keys.pace(BASE))
    commit(30.0, claim, claims)
    assert redis.hgetall(keys.pace(BASE)) == before


def test_a_waiting_job_tells_when_it_begins_and_when_it_ends(
    client: Client, claims: Claims, redis: RedisClient, settings: Settings
) -> None:
    for _ in range(4):
        client.submit(RELAY)
    done_in(10.0, claims)
    done_in(4.0, claims, REFINER)
    held = claims.claim(BASE, "w")
    assert held is not None
    serve(redis, BASE, WorkerState.BUSY)
    serve(redis, REFINER)
    waiting = Client(settings).list().jobs[0]
    assert waiting.queue is not None
    # all of the one that has just begun, and one before
    assert (waiting.queue.position, waiting.queue.eta_seconds) == (1, 20.0)
    assert waiting.eta_seconds == 20.0 + 10.0 + 4.0
    running = Client(settings).get(held.job.id)
    assert running.queue is None
    assert running.eta_seconds == 14.0


def test_an_estimate_tells_the_memory_and_the_seconds_that_real_workers_needed(
    client: Client, start: Start, settings: Settings
) -> None:
    start(BASE)
    client.wait(client.submit(ALONE.model_copy(update={"metadata": {"step_seconds": "0.05"}})).id)
    until(lambda: Client(settings).estimate(ALONE).stages[0].memory_bytes == 2 * PEAK_BYTES, "the job's need is told")
    (told,) = Client(settings).estimate(ALONE).stages
    assert told.workers == 1
    assert told.seconds is not None
    assert told.seconds >= 0.1


def test_what_an_earlier_attempt_made_is_no_work_of_this_one(client: Client, start: Start, redis: RedisClient) -> None:
    start(BASE)
    wish = {"die": str(BASE), "die_at": "told"}
    request = RELAY.model_copy(update={"num_images_per_prompt": 3, "metadata": wish})
    client.submit(request)
    until(lambda: bool(redis.exists(keys.pace(BASE))), "the base is done")
    assert float(redis.hget(keys.pace(BASE), "work")) == pytest.approx(work(request, BASE, images=2))


def test_an_estimate_records_and_stores_nothing(client: Client, redis: RedisClient, store: S3Store) -> None:
    before = Snapshot.of(redis)
    keyed = Variation(image=ImageSource(data_uri=DATA_URI), idempotency_key="k")
    assert client.estimate(keyed).accepted
    assert client.confined_to("t", Limits(max_pixels_per_day=10**9)).estimate(ALONE).accepted
    assert Snapshot.of(redis) == before
    assert not list(store.under("inputs/"))


def earlier(**hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(**hours)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Variation(image=ImageSource(upload_id="nowhere")), "not_found"),
        (Variation(image=ImageSource(job=JobImage(job_id="nobody"))), "not_found"),
        (Refinement(prompt="x", latents=JobImage(job_id="nobody")), "not_found"),
        (Variation(image=ImageSource(url="https://127.0.0.1/x.png")), "unsafe_url"),
        (Variation(image=ImageSource(url="http://example.com/x.png")), "unsafe_url"),
        (Variation(image=ImageSource(data_uri="data:image/png;base64,@@")), "input_undecodable"),
        (Variation(image=ImageSource(data_uri="data:image/png;base64,")), "invalid_request"),
    ],
)
def test_an_estimate_says_why_a_source_would_be_refused(request_: JobRequest, code: str, client: Client) -> None:
    told = client.estimate(request_)
    assert not told.accepted
    assert told.refusal is not None
    assert told.refusal.code == code


def test_an_image_that_is_too_large_is_refused(settings: Settings) -> None:
    small = Client(settings.model_copy(update={"max_input_bytes": 10}))
    told = small.estimate(Variation(image=ImageSource(data_uri=DATA_URI)))
    assert told.refusal is not None
    assert told.refusal.code == "input_too_large"


def test_an_estimate_finds_what_the_store_has(client: Client) -> None:
    assert client.estimate(Variation(image=ImageSource(upload_id=client.upload(b"a picture")))).accepted


def test_an_estimate_is_held_against_the_limits_and_the_deadline(client: Client) -> None:
    job = client.submit(ALONE.model_copy(update={"idempotency_key": "k"}))
    refused = {
        "queue_full": client.confined_to("default", Limits(max_live_jobs=1)).estimate(ALONE),
        "rate_limited": client.confined_to("default", Limits(max_live_jobs_per_tenant=1)).estimate(ALONE),
        "idempotency_mismatch": client.estimate(RELAY.model_copy(update={"idempotency_key": "k"})),
        "not_found": client.confined_to("t", Limits()).estimate(
            Refinement(prompt="x", image=ImageSource(job=JobImage(job_id=job.id)))
        ),
        "invalid_request": client.estimate(ALONE.model_copy(update={"deadline": earlier(hours=1)})),
    }
    assert {name: told.refusal and told.refusal.code for name, told in refused.items()} == {
        name: name for name in refused
    }


def test_an_estimate_knows_the_pixels_that_are_left_today(client: Client) -> None:
    tight = client.confined_to("t", Limits(max_pixels_per_day=64 * 64 * 2))
    small = ALONE.model_copy(update={"width": 64, "height": 64})
    for _ in range(2):
        assert tight.estimate(small).accepted
        tight.submit(small)
    told = tight.estimate(small).refusal
    assert told is not None
    assert (told.code, told.detail) == ("rate_limited", "Your pixels for today (UTC) are spent.")


def test_pixels_of_a_day_are_counted_by_the_models_own_size(client: Client, redis: RedisClient) -> None:
    serve(redis, BASE, model={"size": "64x64"})
    tight = client.confined_to("t", Limits(max_pixels_per_day=64 * 64))
    tight.submit(ALONE)
    with pytest.raises(RateLimited):
        tight.submit(ALONE)


def test_a_job_of_more_pixels_than_a_day_has_is_refused_for_good(client: Client) -> None:
    tight = client.confined_to("t", Limits(max_pixels_per_day=64 * 64, max_live_jobs_per_tenant=0))
    told = tight.estimate(ALONE).refusal
    assert told is not None
    assert (told.code, told.retryable) == ("forbidden", False)
    with pytest.raises(Forbidden, match=r"This job asks for 1048576 pixels; its key may ask for 4096 a day\."):
        tight.submit(ALONE)


def test_a_refusal_does_not_name_the_tenant(client: Client) -> None:
    full = client.confined_to("private", Limits(max_live_jobs_per_tenant=0)).estimate(ALONE).refusal
    assert full is not None
    assert full.detail == "Too many of your jobs wait already; try again later."
