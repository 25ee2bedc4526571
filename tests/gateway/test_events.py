"""A job's events over HTTP, as they come, to readers of every kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from infra.faults.proxy import Proxy
from latentrelay.client import Client
from latentrelay.contracts import StageName, TextToImage
from latentrelay.jobs import Claims, connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.gateway.serving import served
from tests.processes import Start, until

ALONE = TextToImage(prompt="x", refine={"mode": "none"})


@dataclass(frozen=True)
class Told:
    """One event as a browser would read it."""

    name: str
    data: dict[str, Any]
    id: str | None = None


def events_of(lines: Iterator[str]) -> Iterator[Told | str]:
    """The events that lines of a stream tell; comments as they are."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in fields:
            yield Told(fields["event"], json.loads(fields["data"]), fields.get("id"))
        elif line and not name:
            yield value
        fields = {**fields, name: value} if line else {}


@contextmanager
def watching(http: httpx2.Client, job_id: str, **headers: str) -> Iterator[Iterator[Told | str]]:
    with http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield events_of(answer.iter_lines())


def happened(told: Iterator[Told | str]) -> list[Told]:
    """What happened to the job, without its place in the queue and the pings."""
    return [event for event in told if isinstance(event, Told) and event.id is not None]


def test_events_come_as_they_happen_and_end_with_the_job(http: httpx2.Client, client: Client, start: Start) -> None:
    job = client.submit(ALONE)
    with watching(http, job.id) as told:
        first = [next(told), next(told)]
        assert {event.name for event in first if isinstance(event, Told)} == {"queue", "job.queued"}
        start(StageName.SDXL_BASE)
        rest = happened(told)
    kept = list(client.events(job.id))
    assert [event.name for event in rest] == [event.type for event in kept[1:]]
    assert [event.id for event in rest] == [event.id for event in kept[1:]]
    assert rest[-1].data["status"] == "succeeded"
    assert {event.data["job_id"] for event in rest} == {job.id}


def test_a_reader_goes_on_after_the_event_that_it_names(http: httpx2.Client, client: Client) -> None:
    job = client.submit(ALONE)
    client.cancel(job.id)
    with watching(http, job.id) as told:
        everything = happened(told)
    for index, event in enumerate(everything[:-1]):
        with watching(http, job.id, **{"Last-Event-ID": str(event.id)}) as told:
            assert happened(told) == everything[index + 1 :]


def test_a_job_that_waits_tells_its_place_whenever_that_changes(http: httpx2.Client, client: Client) -> None:
    before, job = client.submit(ALONE), client.submit(ALONE)
    with watching(http, job.id) as told:
        places = (event for event in told if isinstance(event, Told) and event.name == "queue")
        first = next(places)
        client.cancel(before.id)
        second = next(places)
        client.cancel(job.id)
    assert [(event.data["position"], event.id) for event in (first, second)] == [(1, None), (0, None)]


def test_a_job_that_waits_between_two_stages_tells_its_place_there(
    http: httpx2.Client, client: Client, settings: Settings
) -> None:
    claims = Claims(connect(settings), lease_seconds=30, max_attempts=3)
    _, job = (client.submit(TextToImage(prompt="x")) for _ in range(2))
    with watching(http, job.id) as told:
        names = (event for event in told if isinstance(event, Told) and event.name in ("queue", "job.stage_finished"))
        assert next(names).data["position"] == 1
        for _ in range(2):
            claim = claims.claim(StageName.SDXL_BASE, "w")
            assert claim is not None
            claims.commit(claim, (), ())
        assert next(event for event in names if event.name == "job.stage_finished")
        assert next(names).data["position"] == 1
        client.cancel(job.id)


@pytest.fixture
def chatty(settings: Settings, store: S3Store) -> Iterator[httpx2.Client]:  # noqa: ARG001  # the bucket must be there
    """A gateway that says often that it is alive."""
    chatty = settings.model_copy(update={"ping_seconds": 0.1})
    with served(chatty) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield http


def test_a_silent_stream_says_that_it_is_alive(chatty: httpx2.Client, client: Client) -> None:
    job = client.submit(ALONE)
    with watching(chatty, job.id) as told:
        assert next(event for event in told if event == "ping")
        client.cancel(job.id)
        assert happened(told)[-1].name == "job.canceled"


def test_progress_names_where_its_picture_is_once_there_is_one(
    http: httpx2.Client, client: Client, start: Start
) -> None:
    start(StageName.SDXL_BASE)
    wish = {"steps": "12", "step_seconds": "0.2", "preview_steps": "4"}
    job = client.submit(ALONE.model_copy(update={"metadata": wish}))
    with watching(http, job.id) as told:
        steps = [event.data["progress"] for event in happened(told) if event.name == "job.progress"]
    for progress in steps:
        picture = None if progress["preview"] is None else f"/v1/jobs/{job.id}/preview"
        assert progress["preview_href"] == picture
    assert {None} < {progress["preview"] for progress in steps}


def test_a_job_of_nobody_and_an_event_of_nobody_are_problems(http: httpx2.Client, client: Client) -> None:
    assert http.get("/v1/jobs/nobody/events").status_code == 404
    job = client.submit(ALONE)
    assert http.get(f"/v1/jobs/{job.id}/events", headers={"Last-Event-ID": "x"}).status_code == 400


def test_a_job_that_is_deleted_ends_its_stream(http: httpx2.Client, client: Client) -> None:
    job = client.submit(ALONE)
    with watching(http, job.id) as told:
        client.cancel(job.id)
        client.delete(job.id)
        assert all(event.name in ("job.queued", "job.canceled") for event in happened(told))


def test_redis_may_go_and_come_back_under_a_stream(
    settings: Settings, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    job = client.submit(ALONE)
    assert settings.redis_url
    parts = urlsplit(settings.redis_url.get_secret_value())
    with Proxy(int(parts.port or 0)) as proxy:
        there = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{proxy.port}")).geturl()
        far = settings.model_copy(update={"redis_url": SecretStr(there), "ping_seconds": 0.1})
        with served(far) as url, httpx2.Client(base_url=url, timeout=30) as http, watching(http, job.id) as told:
            assert next(event for event in told if isinstance(event, Told) and event.name == "job.queued")
            proxy.refuse()
            until(lambda: "Redis is away" in caplog.text, "its loss is noticed")
            assert next(event for event in told if event == "ping")
            client.cancel(job.id)
            proxy.mend()
            assert happened(told)[-1].name == "job.canceled"


def test_many_watch_one_job_and_all_of_them_hear_its_end(http: httpx2.Client, client: Client) -> None:
    job = client.submit(ALONE)
    with watching(http, job.id) as one, watching(http, job.id) as two, watching(http, job.id) as three:
        client.cancel(job.id)
        assert [happened(told)[-1].name for told in (one, two, three)] == ["job.canceled"] * 3


def test_a_reader_that_leaves_ends_its_request(
    http: httpx2.Client, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job = client.submit(ALONE)
    with watching(http, job.id) as told:
        next(told)
    until(lambda: any(getattr(line, "path", "").endswith("/events") for line in caplog.records), "the request ends")


def test_a_browser_that_has_read_the_last_event_is_told_not_to_ask_again(http: httpx2.Client, client: Client) -> None:
    job = client.cancel(client.submit(ALONE).id)
    with watching(http, job.id) as told:
        last = happened(told)[-1]
    again = http.get(f"/v1/jobs/{job.id}/events", headers={"Last-Event-ID": str(last.id)})
    assert (again.status_code, again.content) == (204, b"")
