"""Images over HTTP: by a link, or streamed; what is not there is told apart from what is not ready."""

from collections.abc import Iterator

import httpx2
import pytest

from latentrelay.client import Client
from latentrelay.contracts import Artifact, Job, Role, StageName, TextToImage
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.serving import served
from tests.processes import Start

ALONE = TextToImage(prompt="x", refine={"mode": "none"})
DRAWN = {"steps": "1000", "step_seconds": "0.1", "preview_steps": "2"}


@pytest.fixture
def made(client: Client, start: Start) -> Job:
    """A job that has made its image."""
    start(StageName.SDXL_BASE)
    return client.wait(client.submit(ALONE).id, timeout=120)


@pytest.fixture
def made_twice(client: Client, start: Start) -> Job:
    """A job that has made its image, and the base's own one beside it."""
    start(StageName.SDXL_BASE)
    start(StageName.SDXL_REFINER)
    return client.wait(client.submit(TextToImage(prompt="x", output={"keep_base": True})).id, timeout=120)


def stored(job: Job) -> Artifact:
    found = job.image()
    assert found is not None
    return found


def test_an_image_is_a_redirect_to_a_fresh_link_that_needs_no_key(
    http: httpx2.Client, made_twice: Job, client: Client
) -> None:
    images = http.get(f"/v1/jobs/{made_twice.id}").json()["images"]
    for image in images:
        answer = http.get(image["href"])
        assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
        assert "X-Amz-Expires=300" in answer.headers["Location"]
        assert httpx2.get(answer.headers["Location"]).content == client.download(made_twice.id, 0, Role(image["role"]))
    assert [image["role"] for image in images] == ["final", "base"]


def test_an_image_is_streamed_with_all_that_a_reader_wants_to_know(
    http: httpx2.Client, made: Job, client: Client
) -> None:
    answer = http.get(f"/v1/jobs/{made.id}/images/0?download=inline")
    artifact = stored(made)
    assert (answer.status_code, answer.content) == (200, client.download(made.id))
    assert answer.headers["Content-Length"] == str(artifact.bytes)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["ETag"] == f'"{artifact.sha256}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{made.id}-0-final.png"'


def test_an_image_that_the_reader_has_is_not_sent_again(http: httpx2.Client, made: Job) -> None:
    where = f"/v1/jobs/{made.id}/images/0?download=inline"
    known = http.get(where).headers["ETag"]
    again = http.get(where, headers={"If-None-Match": known})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(where, headers={"If-None-Match": "*"}).status_code == 304
    assert http.get(where, headers={"If-None-Match": '"another"'}).status_code == 200


def test_an_image_whose_bytes_are_not_those_that_were_made_never_arrives_whole(
    http: httpx2.Client, made: Job, store: S3Store
) -> None:
    artifact = stored(made)
    store.put(artifact, b"?" * artifact.bytes)
    with pytest.raises(httpx2.RemoteProtocolError):
        http.get(f"/v1/jobs/{made.id}/images/0?download=inline")


def test_an_image_that_the_store_has_lost_is_not_there(http: httpx2.Client, made: Job, store: S3Store) -> None:
    store.delete([stored(made).key])
    answer = http.get(f"/v1/jobs/{made.id}/images/0?download=inline")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_image_that_is_not_ready_is_a_conflict_and_one_that_nobody_makes_is_not_there(
    http: httpx2.Client, client: Client
) -> None:
    job = client.submit(TextToImage(prompt="x"))
    where = f"/v1/jobs/{job.id}/images"
    for wanted, status in {"0": 409, "1": 404, "0?role=base": 404, "8": 400, "0?download=evil": 400}.items():
        assert http.get(f"{where}/{wanted}").status_code == status
    client.cancel(job.id)
    assert http.get(f"{where}/0").status_code == 404
    assert http.get("/v1/jobs/nobody/images/0").status_code == 404


@pytest.fixture
def elsewhere(settings: Settings, store: S3Store) -> Iterator[httpx2.Client]:  # noqa: ARG001  # the bucket must be there
    """A gateway whose store outsiders reach by another name."""
    told = settings.model_copy(update={"s3_public_endpoint": "https://images.example.com"})
    with served(told) as url, httpx2.Client(base_url=url) as http:
        yield http


def test_links_are_signed_for_the_name_by_which_outsiders_reach_the_store(
    elsewhere: httpx2.Client, made: Job, settings: Settings
) -> None:
    link = elsewhere.get(f"/v1/jobs/{made.id}/images/0").headers["Location"]
    assert link.startswith(f"https://images.example.com/{settings.s3_bucket}/images/{made.id}/")
    assert elsewhere.get(f"/v1/jobs/{made.id}/images/0?download=inline").status_code == 200


def test_what_a_job_draws_right_now_is_a_picture_that_nobody_keeps(
    http: httpx2.Client, client: Client, start: Start
) -> None:
    start(StageName.SDXL_BASE)
    job = client.submit(ALONE.model_copy(update={"metadata": DRAWN}))
    seen = next(event.progress for event in client.events(job.id) if event.progress and event.progress.preview)
    assert seen.preview
    answer = http.get(http.get(f"/v1/jobs/{job.id}").json()["progress"]["preview_href"])
    client.cancel(job.id)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_job_of_which_no_picture_is_kept_has_no_preview(http: httpx2.Client, client: Client) -> None:
    job = client.submit(ALONE)
    assert http.get(f"/v1/jobs/{job.id}/preview").status_code == 204
    assert http.get("/v1/jobs/nobody/preview").status_code == 404
