"""Where clients cannot reach the store: images come through the gateway, and links lead to it."""

import logging
import time
from collections.abc import Iterator

import httpx2
import pytest
from openai import OpenAI

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Job, Role, Scope, StageName, TextToImage
from latentrelay.http import HttpClient
from latentrelay.jobs import connect
from latentrelay.settings import Links, Settings
from latentrelay.storage import S3Store
from services.gateway.signed_links import Linked, SignedLinks, signature
from tests.gateway.asking import BOTH, asking
from tests.gateway.serving import served
from tests.processes import Start


@pytest.fixture
def made(client: Client, start: Start) -> Job:
    """A job of the default tenant that has made its image."""
    start(StageName.SDXL_BASE)
    return client.wait(client.submit(TextToImage(prompt="x", refine={"mode": "none"})).id, timeout=120)


@pytest.fixture
def through(settings: Settings, store: S3Store) -> Iterator[str]:  # noqa: ARG001  # the bucket must be there
    """The URL of a gateway whose clients cannot reach the store, and need a key."""
    told = {"links": Links.GATEWAY, "s3_public_endpoint": "http://127.0.0.1:1"}
    with served(settings.model_copy(update=told), may_be_open=False) as url:
        yield url


@pytest.fixture
def links(settings: Settings) -> Iterator[SignedLinks]:
    links = SignedLinks.of(settings)
    yield links
    links.close()


@pytest.fixture
def key(settings: Settings) -> str:
    return Keys.of(settings).create("shop", scopes=BOTH, tenant=settings.tenant)[1]


def in_an_hour() -> int:
    return int(time.time()) + 3600


def test_an_image_is_the_file_itself_and_the_sdk_takes_it(through: str, made: Job, client: Client, key: str) -> None:
    with asking(through, key) as http:
        answer = http.get(f"/v1/jobs/{made.id}/images/0")
        assert (answer.status_code, answer.content) == (200, client.download(made.id))
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert http.get(answer.request.url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    with HttpClient(through, key) as sdk:
        assert sdk.download(made.id) == client.download(made.id)


def test_openais_links_lead_to_the_gateway_and_need_no_key(
    through: str, start: Start, client: Client, key: str
) -> None:
    start(StageName.SDXL_BASE)
    with OpenAI(base_url=f"{through}/v1", api_key=key, max_retries=0) as ai:
        answer = ai.images.generate(prompt="x", model="sdxl-base", n=2)
    job = client.list().jobs[0]
    urls = [str(image.url) for image in answer.data or ()]
    assert all(url.startswith(f"{through}/v1/files/{job.id}.") for url in urls)
    files = [httpx2.get(url) for url in urls]
    assert [file.content for file in files] == [client.download(job.id, 0), client.download(job.id, 1)]
    assert [file.headers["Cache-Control"] for file in files] == ["private, no-cache"] * 2
    again = httpx2.get(urls[0], headers={"If-None-Match": files[0].headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_link_leads_to_its_own_image_alone_for_its_own_time_alone(
    through: str, made: Job, links: SignedLinks, client: Client
) -> None:
    good = links.token(Linked(made.id, 0, Role.FINAL, in_an_hour()))
    assert httpx2.get(f"{through}/v1/files/{good}").content == client.download(made.id)
    job_id, index, role, until, signed = good.split(".")
    over = int(time.time()) - 1
    wrong = {
        "another job": f"{'0' * 32}.{index}.{role}.{until}.{signed}",
        "another image": f"{job_id}.1.{role}.{until}.{signed}",
        "another role": f"{job_id}.{index}.base.{until}.{signed}",
        "a longer time": f"{job_id}.{index}.{role}.{int(until) + 1}.{signed}",
        "its time over": links.token(Linked(made.id, 0, Role.FINAL, over)),
        "no signature": f"{job_id}.{index}.{role}.{until}.",
        "another signature": f"{job_id}.{index}.{role}.{until}.{signature('x', b'x')}",
        "another alphabet": f"{job_id}.{index}.{role}.{until}.{signed[:-1]}%C3%A9",
        "padding": good + "=",
        "a number that is no index": f"{job_id}.%D9%A0.{role}.{until}.{signed}",
        "an image that is not made": links.token(Linked(made.id, 7, Role.FINAL, in_an_hour())),
        "a job that is not there": links.token(Linked("nobody", 0, Role.FINAL, in_an_hour())),
        "nothing of ours": "x",
    }
    answers = {name: httpx2.get(f"{through}/v1/files/{token}") for name, token in wrong.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(wrong, 404)
    assert len({answer.text for answer in answers.values()}) == 1


def test_every_gateway_of_a_stack_reads_the_links_of_the_others_and_no_other_stack_does(
    settings: Settings, links: SignedLinks
) -> None:
    linked = Linked("a", 0, Role.FINAL, in_an_hour())
    token = links.token(linked)
    another = SignedLinks.of(settings)
    assert another.read(token, time.time()) == linked
    with connect(settings) as redis:
        redis.flushall()
    assert another.read(token, time.time()) is None
    another.close()


def test_a_link_is_in_no_log(through: str, made: Job, links: SignedLinks, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own client tells whole URLs
    logging.getLogger("httpcore2").setLevel(logging.WARNING)  # as above
    good = links.token(Linked(made.id, 0, Role.FINAL, in_an_hour()))
    for token in (good, good[:-1]):
        httpx2.get(f"{through}/v1/files/{token}")
    signed = good.rpartition(".")[2]
    paths = [line.path for line in caplog.records if line.name == "services.gateway.request_log"]  # type: ignore[attr-defined]  # `extra` puts it there
    assert paths == ["/v1/files/{token}"] * 2
    assert signed[:-1] not in caplog.text + repr([record.__dict__ for record in caplog.records])


def test_a_link_is_no_key(through: str, made: Job, links: SignedLinks, keys: Keys) -> None:
    keys.create("x", scopes=[Scope.READ])
    token = links.token(Linked(made.id, 0, Role.FINAL, in_an_hour()))
    with asking(through, token) as http:
        assert http.get(f"/v1/jobs/{made.id}").status_code == 401
