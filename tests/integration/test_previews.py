"""Previews on their way from a stage to those who watch, on real servers."""

from io import BytesIO

import pytest
from PIL import Image

from latentrelay import JobStatus, NotFound, Refine, RefineMode, StageName, TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Progress
from latentrelay.jobs import Answer, Claim, Claims, Limits, RedisClient, connect, keys
from latentrelay.settings import Settings
from tests.processes import Start, until

BASE = StageName.SDXL_BASE
ALONE = TextToImage(prompt="x", refine=Refine(mode=RefineMode.NONE))
STEP = Progress(stage=BASE, step=5, steps=10, preview=5)
LONG = {"steps": "200", "step_seconds": "0.05", "preview_steps": "3"}


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@pytest.fixture
def claims(redis: RedisClient) -> Claims:
    return Claims(redis, lease_seconds=30, max_attempts=3)


def claimed(claims: Claims, owner: str = "w1") -> Claim:
    claim = claims.claim(BASE, owner)
    assert claim is not None
    return claim


def test_whoever_watches_a_job_sees_what_it_draws(client: Client, start: Start) -> None:
    start(BASE)
    job = client.submit(ALONE.model_copy(update={"metadata": LONG}))
    shown = next(event.progress for event in client.events(job.id) if event.progress and event.progress.preview)
    assert shown.preview is not None
    assert shown.preview % 3 == 0
    assert shown.preview <= shown.step
    image = Image.open(BytesIO(client.preview(job.id) or b""))
    assert image.format == "JPEG"
    assert image.getpixel((4, 4))[0] >= shown.preview - 2  # the grey of that step, or of a later one
    now = client.get(job.id).progress
    assert now is not None
    assert now.preview is not None
    client.cancel(job.id)
    assert client.wait(job.id).status is JobStatus.CANCELED


def test_no_event_carries_a_picture(client: Client, claims: Claims, redis: RedisClient) -> None:
    job = client.submit(ALONE)
    claims.renew(claimed(claims), progress=STEP, preview=b"\xff\xd8 a picture")
    assert client.preview(job.id) == b"\xff\xd8 a picture"
    told = [event.progress for event in client.happened(job.id).events if event.progress]
    assert told == [STEP]
    assert "picture" not in str(redis.xrange(keys.events(job.id)))


def test_the_newest_preview_is_the_one_that_is_shown(client: Client, claims: Claims) -> None:
    job, claim = client.submit(ALONE), claimed(claims)
    for picture in (b"early", b"late"):
        claims.renew(claim, progress=STEP, preview=picture)
    claims.renew(claim, progress=STEP)
    assert client.preview(job.id) == b"late"


def test_a_job_without_a_preview_and_no_job_at_all_are_told_apart(client: Client) -> None:
    assert client.preview(client.submit(ALONE).id) is None
    for nobody in ("nobody", "no/../body"):
        with pytest.raises(NotFound):
            client.preview(nobody)


def test_a_preview_is_another_tenants_secret(client: Client, claims: Claims) -> None:
    job = client.submit(ALONE)
    claims.renew(claimed(claims), progress=STEP, preview=b"private")
    with pytest.raises(NotFound, match="There is no job"):
        client.confined_to("stranger", Limits()).preview(job.id)
    assert client.confined_to("default", Limits()).preview(job.id) == b"private"


def test_an_attempt_that_was_lost_shows_nothing_more(client: Client, settings: Settings) -> None:
    job = client.submit(ALONE)
    brief = Claims(connect(settings), lease_seconds=0.001, max_attempts=3)
    lost = claimed(brief)
    until(lambda: [one.job_id for one in brief.reap()] == [job.id], "the lease has run out")
    assert brief.renew(lost, progress=STEP, preview=b"late") is Answer.LOST
    assert client.preview(job.id) is None


def test_a_preview_is_kept_for_a_while_only_and_shorter_once_the_job_has_ended(
    client: Client, claims: Claims, redis: RedisClient
) -> None:
    job, claim = client.submit(ALONE), claimed(claims)
    claims.renew(claim, progress=STEP, preview=b"picture")
    meanwhile = redis.ttl(keys.preview(job.id))
    claims.commit(claim, (), ())
    assert 0 < redis.ttl(keys.preview(job.id)) < meanwhile < 3600


def test_a_job_that_is_deleted_leaves_no_preview(client: Client, claims: Claims, redis: RedisClient) -> None:
    job, claim = client.submit(ALONE), claimed(claims)
    claims.renew(claim, progress=STEP, preview=b"picture")
    claims.commit(claim, (), ())
    client.delete(job.id)
    assert not redis.exists(keys.preview(job.id))
