"""What happens to all jobs over HTTP, as it comes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

import httpx2
import pytest

from latentrelay import Refine, RefineMode, StageName, TextToImage
from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Progress, Scope
from latentrelay.jobs import Claims, connect, keys
from latentrelay.jobs.entries import BEGINNING, CHUNK
from latentrelay.jobs.feed import has_missed
from latentrelay.settings import Settings
from tests.gateway.asking import ASK, BOTH, Enter, asking
from tests.gateway.serving import served
from tests.gateway.test_events import Told, events_of

ALONE = TextToImage(prompt="a secret wish", refine=Refine(mode=RefineMode.NONE))


@contextmanager
def watching(http: httpx2.Client, **headers: str) -> Iterator[Iterator[Told]]:
    with http.stream("GET", "/v1/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield (event for event in events_of(answer.iter_lines()) if isinstance(event, Told))


def names(told: Iterator[Told], count: int) -> list[tuple[str, Any]]:
    return [(event.name, event.data.get("job_id")) for event in islice(told, count)]


def test_who_begins_is_told_to_list_the_jobs_and_then_all_that_happens(http: httpx2.Client, client: Client) -> None:
    client.submit(ALONE)
    with watching(http) as told:
        first = next(told)
        assert (first.name, first.data) == ("reset", {})
        job = client.submit(ALONE)
        client.cancel(job.id)
        assert names(told, 2) == [("job.queued", job.id), ("job.canceled", job.id)]


def test_news_are_thin_and_hold_no_prompt(http: httpx2.Client, client: Client, settings: Settings) -> None:
    claims = Claims(connect(settings), lease_seconds=30, max_attempts=3)
    with watching(http) as told:
        next(told)
        client.submit(ALONE)
        claim = claims.claim(StageName.SDXL_BASE, "w")
        assert claim is not None
        claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=3, steps=30))
        queued, started, progress = next(told), next(told), next(told)
    assert queued.data.keys() == {
        "id", "type", "job_id", "kind", "at", "sequence", "status", "stage", "attempt", "progress"
    }  # fmt: skip
    assert (queued.data["status"], started.data["status"]) == ("queued", "running")
    assert (progress.name, progress.data["progress"]["step"]) == ("job.progress", 3)
    assert queued.data["sequence"] < started.data["sequence"]
    assert "secret" not in str([queued, started, progress])


def test_the_progress_of_a_job_is_told_no_more_often_than_every_two_seconds(client: Client, settings: Settings) -> None:
    redis = connect(settings)
    claims = Claims(redis, lease_seconds=30, max_attempts=3)
    job = client.submit(ALONE)
    claim = claims.claim(StageName.SDXL_BASE, "w")
    assert claim is not None
    for step in range(1, 21):
        claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=step, steps=30))
    took = (int(redis.time()[0]) - claim.timing.started_at.timestamp()) / 2 + 2
    told = [fields for _, fields in redis.xrange(keys.FEED) if fields["type"] == "job.progress"]
    assert 1 <= len(told) <= took
    redis.hset(keys.job(job.id), "fed_at", 0)
    claims.renew(claim, progress=Progress(stage=StageName.SDXL_BASE, step=30, steps=30))
    (_, last) = redis.xrevrange(keys.FEED, count=1)[0]
    assert '"step":30' in last["progress"]
    assert len(redis.xrange(keys.events(job.id))) == 2 + 21, "the job's own stream tells all of them"


def test_a_reader_goes_on_after_the_news_that_it_names(http: httpx2.Client, client: Client) -> None:
    with watching(http) as told:
        next(told)
        ids = [client.submit(ALONE).id for _ in range(3)]
        first = next(told)
    with watching(http, **{"Last-Event-ID": str(first.id)}) as told:
        assert names(told, 2) == [("job.queued", job_id) for job_id in ids[1:]]


def test_a_reader_whose_news_are_gone_is_told_so_and_goes_on_with_what_is_new(
    http: httpx2.Client, client: Client, settings: Settings
) -> None:
    with watching(http) as told:
        next(told)
        client.submit(ALONE)
        first = next(told)
    client.submit(ALONE)
    connect(settings).xtrim(keys.FEED, maxlen=1, approximate=False)
    with watching(http, **{"Last-Event-ID": str(first.id)}) as told:
        assert next(told).name == "reset"
        job = client.submit(ALONE)
        assert names(told, 1) == [("job.queued", job.id)]


@pytest.mark.parametrize(
    ("after", "oldest", "newest", "missed"),
    [
        ("5-0", "3-0", "9-0", False),
        ("3-0", "3-0", "9-0", False),
        ("9-0", "3-0", "9-0", False),
        ("2-9", "3-0", "9-0", True),
        ("9-1", "3-0", "9-0", True),
        ("5-0", None, None, True),
        (BEGINNING, None, None, False),
        (BEGINNING, "3-0", "9-0", False),
        ("10-0", "9-0", "11-0", False),
    ],
)
def test_news_were_missed_where_those_before_or_the_named_one_are_gone(
    after: str, oldest: str | None, newest: str | None, *, missed: bool
) -> None:
    assert has_missed(after, oldest, newest) is missed


def test_who_stands_at_the_beginning_of_more_than_is_read_at_once_may_have_missed_some(
    client: Client, settings: Settings
) -> None:
    redis = connect(settings)
    assert client.news(BEGINNING).was_reset is False
    for number in range(CHUNK):
        redis.xadd(keys.FEED, {"number": number})
    assert client.news(BEGINNING).was_reset
    assert has_missed(BEGINNING, "3-0", "9-0", are_many=True)


def test_news_that_this_release_cannot_read_are_passed_over_and_hide_no_others(
    http: httpx2.Client, client: Client, settings: Settings
) -> None:
    with watching(http) as told:
        next(told)
        redis = connect(settings)
        for broken in ({"type": "job.dreamt", "timestamp": "1"}, {"what": "else"}):
            redis.xadd(keys.FEED, broken)
        job = client.submit(ALONE)
        assert names(told, 1) == [("job.queued", job.id)]


def test_many_who_watch_cost_redis_no_more_than_a_few(http: httpx2.Client, client: Client, settings: Settings) -> None:
    redis = connect(settings)

    def reads() -> int:
        return int(redis.info("commandstats")["cmdstat_xrevrange"]["calls"])

    with ExitStack() as watched:
        readers = [watched.enter_context(watching(http)) for _ in range(12)]
        for told in readers:
            next(told)
        before = reads()
        job = client.submit(ALONE)
        for told in readers:
            assert names(told, 1) == [("job.queued", job.id)]
        assert reads() - before < len(readers)


def test_a_tenant_is_told_of_its_own_jobs_alone_and_an_admin_of_all(enter: Enter, client: Client) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    with watching(ada) as to_ada, watching(bob) as to_bob, watching(rules) as to_admin:
        for told in (to_ada, to_bob, to_admin):
            next(told)
        hers, his = ada.post("/v1/jobs", json=ASK).json(), bob.post("/v1/jobs", json=ASK).json()
        assert names(to_bob, 1) == [("job.queued", his["id"])]
        client.cancel(his["id"])
        ada.post(f"{hers['href']}/cancel")
        assert names(to_ada, 2) == [("job.queued", hers["id"]), ("job.canceled", hers["id"])]
        assert [job_id for _, job_id in names(to_admin, 4)] == [hers["id"], his["id"], his["id"], hers["id"]]


@pytest.mark.usefixtures("store")
def test_a_key_that_is_revoked_ends_the_stream(settings: Settings, keys: Keys) -> None:
    key, text = keys.create("shop", scopes=BOTH, tenant="shop")
    lively = settings.model_copy(update={"ping_seconds": 0.1})
    with served(lively) as url, asking(url, text) as http, http.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        keys.revoke(key.id)
        assert [line for line in lines if line.startswith("event: job")] == []


def test_a_reader_that_reads_nothing_holds_nobody(http: httpx2.Client, client: Client) -> None:
    with watching(http), watching(http) as told:
        next(told)
        jobs = [client.submit(ALONE).id for _ in range(150)]
        assert names(told, 150) == [("job.queued", job_id) for job_id in jobs]


def test_an_event_of_nobody_and_a_key_that_may_not_read_are_problems(enter: Enter) -> None:
    assert enter("ada").get("/v1/events", headers={"Last-Event-ID": "x"}).status_code == 400
    assert enter("bob", Scope.SUBMIT).get("/v1/events").status_code == 403


def test_a_tenants_news_are_not_kept_for_ever_and_few_of_them(client: Client, settings: Settings) -> None:
    client.submit(ALONE)
    redis = connect(settings)
    assert 0 < redis.ttl(keys.feed_of("default")) <= 3600
    assert redis.ttl(keys.FEED) == -1
