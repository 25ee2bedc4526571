"""The producer's door, on real servers, with this test in the place of the workers."""

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay import (
    ImageSource,
    InvalidRequest,
    Job,
    JobImage,
    JobStatus,
    NotFound,
    Refine,
    Refinement,
    RefineMode,
    Role,
    Scheduler,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.client import Client
from latentrelay.contracts import Artifact, ArtifactKind, Continue, image_key, latents_key
from latentrelay.errors import (
    Conflict,
    InputTooLarge,
    InputUndecodable,
    QueueFull,
    StackUnavailable,
    StorageUnavailable,
    UnsafeUrl,
)
from latentrelay.flow import advance
from latentrelay.hints import ENOUGH
from latentrelay.jobs import Answer, Claims, connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store

PIXELS = b"what a PNG would hold"
DATA_URI = "data:image/png;base64," + base64.b64encode(PIXELS).decode()


def done(settings: Settings, store: S3Store, job: Job) -> None:
    """Do the work of every stage of the only pending job."""
    claims = Claims(connect(settings), lease_seconds=30, max_attempts=3)
    answer = Answer.ADVANCED
    while answer is Answer.ADVANCED:
        claim = claims.claim(StageName(job.stage), "w1") or claims.claim(StageName.SDXL_REFINER, "w1")
        assert claim is not None
        made = made_by(claim.job)
        store.put(made, PIXELS)
        answer = claims.commit(claim, (*claim.job.artifacts, made), ())


def made_by(job: Job) -> Artifact:
    last = advance(job) is None
    key = (
        image_key(job.id, job.stage, job.attempt, 0, "png") if last else latents_key(job.id, job.stage, job.attempt, 0)
    )
    return Artifact(
        kind=ArtifactKind.IMAGE if last else ArtifactKind.LATENTS,
        key=key,
        sha256=hashlib.sha256(PIXELS).hexdigest(),
        bytes=len(PIXELS),
        media_type="image/png",
        stage=job.stage,
        attempt=job.attempt,
        role=Role.FINAL if last else None,
    )


@pytest.fixture
def relay(client: Client, settings: Settings, store: S3Store) -> Job:
    """A text-to-image job that has succeeded."""
    job = client.submit(TextToImage(prompt="x"))
    done(settings, store, job)
    return client.get(job.id)


def test_the_image_of_a_finished_job_can_be_downloaded(client: Client, relay: Job) -> None:
    assert relay.status is JobStatus.SUCCEEDED
    assert client.download(relay.id) == PIXELS


def test_an_image_that_is_not_ready_and_one_that_is_never_made_are_told_apart(client: Client) -> None:
    job = client.submit(TextToImage(prompt="x"))
    with pytest.raises(Conflict, match="not ready"):
        client.download(job.id)
    with pytest.raises(NotFound, match="makes no image 1"):
        client.download(job.id, 1)


def test_an_upload_becomes_the_input_of_a_variation(client: Client, store: S3Store) -> None:
    job = client.submit(Variation(image=ImageSource(upload_id=client.upload(PIXELS))))
    assert store.get(job.inputs[0]) == PIXELS


def test_a_data_uri_is_stored_and_the_record_names_the_upload_instead(
    client: Client, store: S3Store, settings: Settings
) -> None:
    job = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    assert store.get(job.inputs[0]) == PIXELS
    redis = connect(settings)
    everything = str([redis.hgetall(f"latentrelay:job:{job.id}"), redis.lrange(job.stage, 0, -1)])
    assert DATA_URI[-20:] not in everything


def test_the_image_of_an_earlier_job_becomes_an_input_without_a_copy(client: Client, relay: Job) -> None:
    job = client.submit(Variation(image=ImageSource(job=JobImage(job_id=relay.id))))
    assert job.inputs == (relay.image(),)


def test_kept_latents_become_the_input_of_a_refinement(client: Client, relay: Job) -> None:
    job = client.submit(Refinement(prompt="x", latents=JobImage(job_id=relay.id)))
    assert job.stage is StageName.SDXL_REFINER
    assert [made.kind for made in job.inputs] == [ArtifactKind.LATENTS]


@pytest.mark.parametrize(
    ("refine", "field"),
    [
        (Continue(mode=RefineMode.IMG2IMG), "refine.mode"),
        (Continue(strength=0.5), "refine.strength"),
        (Continue(switch_at=0.5), "refine.switch_at"),
    ],
)
def test_latents_that_stop_at_a_switch_point_are_not_refined_otherwise(
    client: Client, relay: Job, refine: Continue, field: str
) -> None:
    with pytest.raises(InvalidRequest, match=field):
        client.submit(Refinement(prompt="x", latents=JobImage(job_id=relay.id), refine=refine))


def test_latents_that_stop_at_a_switch_point_are_refined_by_the_scheduler_that_began_them(
    client: Client, relay: Job
) -> None:
    with pytest.raises(InvalidRequest, match="scheduler: must be euler"):
        client.submit(Refinement(prompt="x", latents=JobImage(job_id=relay.id), scheduler=Scheduler.DDIM))


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (ImageSource(upload_id="nowhere"), NotFound),
        (ImageSource(job=JobImage(job_id="nowhere")), NotFound),
        (ImageSource(data_uri="data:text/html;base64,AAAA"), InputUndecodable),
        (ImageSource(data_uri="data:image/png;base64,%%%"), InputUndecodable),
        (ImageSource(data_uri="data:image/png;base64," + "A" * 13_981_018 + "=="), InputTooLarge),
        (ImageSource(url="https://127.0.0.1/x.png"), UnsafeUrl),
        (ImageSource(url="http://example.com/x.png"), UnsafeUrl),
    ],
)
def test_a_source_that_cannot_be_taken_is_refused_before_anything_is_queued(
    client: Client, source: ImageSource, error: type[Exception]
) -> None:
    with pytest.raises(error):
        client.submit(Variation(image=source))
    assert client.list().jobs == ()


def test_an_earlier_job_that_is_not_done_is_no_source_yet(client: Client) -> None:
    job = client.submit(TextToImage(prompt="x"))
    with pytest.raises(Conflict):
        client.submit(Variation(image=ImageSource(job=JobImage(job_id=job.id))))
    with pytest.raises(Conflict):
        client.submit(Refinement(prompt="x", latents=JobImage(job_id=job.id)))


def test_uploads_are_bounded(client: Client, settings: Settings) -> None:
    with pytest.raises(InputTooLarge):
        client.upload(b"x" * (settings.max_input_bytes + 1))
    with pytest.raises(InvalidRequest):
        client.upload(b"")


def test_deleting_a_job_removes_its_objects(client: Client, store: S3Store, relay: Job) -> None:
    keys = [made.key for made in relay.artifacts]
    assert all(store.exists(key) for key in keys)
    client.delete(relay.id)
    assert not any(store.exists(key) for key in keys)
    with pytest.raises(NotFound):
        client.get(relay.id)


def test_deleting_a_job_removes_the_image_it_brought(client: Client, store: S3Store) -> None:
    job = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    client.cancel(job.id)
    assert store.exists(job.inputs[0].key)
    client.delete(job.id)
    assert not store.exists(job.inputs[0].key)


def test_deleting_a_job_removes_what_its_lost_attempts_left(client: Client, store: S3Store, relay: Job) -> None:
    image = relay.image()
    assert image is not None
    left = image.model_copy(update={"key": image_key(relay.id, StageName.SDXL_REFINER, 7, 0, "png")})
    store.put(left, PIXELS)
    client.delete(relay.id)
    assert not store.exists(left.key)


def test_a_job_whose_image_another_one_reads_is_not_deleted_and_loses_nothing(
    client: Client, store: S3Store, relay: Job
) -> None:
    reader = client.submit(Variation(image=ImageSource(job=JobImage(job_id=relay.id))))
    with pytest.raises(Conflict, match="reads"):
        client.delete(relay.id)
    assert client.get(relay.id).artifacts == relay.artifacts
    assert all(store.exists(made.key) for made in relay.artifacts)
    client.cancel(reader.id)
    client.delete(relay.id)


def test_a_job_whose_own_upload_another_one_reads_is_not_deleted(client: Client, store: S3Store) -> None:
    brought = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    reader = client.submit(Variation(image=ImageSource(upload_id=brought.id)))
    client.cancel(brought.id)
    with pytest.raises(Conflict, match="reads"):
        client.delete(brought.id)
    assert store.get(reader.inputs[0]) == PIXELS


def test_a_request_that_becomes_no_job_leaves_no_upload(settings: Settings, store: S3Store) -> None:
    client = Client.connect(settings.model_copy(update={"max_live_jobs": 1}))
    ask = Variation(image=ImageSource(data_uri=DATA_URI), idempotency_key="k")
    job = client.submit(ask)
    with pytest.raises(QueueFull):
        client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    assert client.submit(ask).id == job.id
    assert [found.key for found in store.under("inputs/")] == [job.inputs[0].key]
    client.close()


def test_deleting_a_job_while_the_store_is_away_can_be_repeated(
    client: Client, settings: Settings, store: S3Store, relay: Job
) -> None:
    away = Client.connect(settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:1"}))
    with pytest.raises(StorageUnavailable):
        away.delete(relay.id)
    client.delete(relay.id)
    assert not any(store.exists(made.key) for made in relay.artifacts)


def test_a_request_repeated_with_its_idempotency_key_is_answered_though_its_deadline_has_passed(
    client: Client,
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    ask = TextToImage(prompt="x", idempotency_key="k", deadline=soon)
    job = client.submit(ask)
    time.sleep((soon - datetime.now(UTC)).total_seconds() + 0.1)
    assert client.submit(ask).id == job.id


def test_redis_away_is_told_in_our_own_words(settings: Settings) -> None:
    nowhere = Client(settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")}))
    with pytest.raises(StackUnavailable, match="Redis does not answer"):
        nowhere.get("j")


@pytest.mark.parametrize("after", ["", "x", "-1", "1-", "$", "\u0661-\u0660"])
def test_what_is_no_events_id_is_refused_where_events_are_asked_for(client: Client, after: str) -> None:
    job = client.submit(TextToImage(prompt="x"))
    with pytest.raises(InvalidRequest, match="after"):
        client.happened(job.id, after)
    with pytest.raises(InvalidRequest, match="after"):
        next(client.events(job.id, after))


def test_waiting_for_longer_than_wanted_ends_and_the_job_goes_on(client: Client) -> None:
    job = client.submit(TextToImage(prompt="x"))
    with pytest.raises(TimeoutError, match=job.id):
        client.wait(job.id, timeout=0.1)
    assert client.get(job.id).status is JobStatus.QUEUED


def test_queues_tell_what_waits(client: Client) -> None:
    client.submit(TextToImage(prompt="x"))
    client.submit(TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE)))
    depths = {queue.stage: queue.depth for queue in client.queues()}
    assert depths == {StageName.SDXL_BASE: 2, StageName.SDXL_REFINER: 0, StageName.UNCLIP_VARIATION: 0}


def test_a_deadline_that_has_passed_is_refused_at_submission(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="deadline"):
        client.submit(TextToImage(prompt="x", deadline=datetime(2020, 1, 1, tzinfo=UTC)))


def test_without_a_stack_the_client_says_how_to_start_one(settings: Settings, tmp_path: Path) -> None:
    for url in ("redis://127.0.0.1:1/0", "no url at all", "redis://127.0.0.1:port/0"):
        with pytest.raises(StackUnavailable):
            Client.connect(settings.model_copy(update={"redis_url": SecretStr(url)}))
    for endpoint in ("http://host/with/a/path", "host:9000", "http://"):
        with pytest.raises(StackUnavailable, match="S3_ENDPOINT"):
            Client.connect(settings.model_copy(update={"s3_endpoint": endpoint}))
    with pytest.raises(StackUnavailable, match="latentrelay up"):
        Client.connect(Settings(data_dir=tmp_path))


def test_a_redis_that_takes_no_writes_is_told_without_what_was_to_be_written(
    client: Client, settings: Settings
) -> None:
    redis = connect(settings)
    redis.config_set("min-replicas-to-write", 1)
    try:
        for ask in (lambda: client.upload(PIXELS), lambda: client.submit(TextToImage(prompt="a secret"))):
            with pytest.raises(StackUnavailable, match="NOREPLICAS") as told:
                ask()
            assert "latentrelay" not in str(told.value)
            assert "secret" not in str(told.value)
    finally:
        redis.config_set("min-replicas-to-write", 0)


def test_a_job_can_be_read_though_redis_has_forgotten_every_script(client: Client, settings: Settings) -> None:
    waiting = client.submit(TextToImage(prompt="x"))
    connect(settings).script_flush()
    assert client.get(waiting.id).queue == waiting.queue
    assert [job.id for job in client.list().jobs] == [waiting.id]


def test_where_enough_hints_wait_a_submission_sends_no_other(client: Client, settings: Settings) -> None:
    for _ in range(ENOUGH + 5):
        client.submit(TextToImage(prompt="x"))
    assert connect(settings).llen(StageName.SDXL_BASE) == ENOUGH
    assert client.queues()[0].depth == ENOUGH + 5
