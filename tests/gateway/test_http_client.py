"""The HTTP clients, through a proxy that cuts, against a real gateway with real workers."""

import asyncio
import hashlib
import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from infra.faults.proxy import Proxy
from latentrelay import (
    ImageSource,
    Job,
    JobStatus,
    Kind,
    NotFound,
    Refine,
    RefineMode,
    Role,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Scope, StageState
from latentrelay.errors import Conflict, Forbidden, IdempotencyMismatch, StackUnavailable, Unauthorized
from latentrelay.events import EventType, JobEvent
from latentrelay.http import AsyncHttpClient, HttpClient
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from tests.gateway.serving import served
from tests.processes import START_SECONDS, Start, until

ASKED = TextToImage(prompt="a lighthouse", refine=Refine(mode=RefineMode.NONE))
CALLS = {
    "submit", "estimate", "get", "list", "events", "wait", "cancel", "delete", "upload", "download", "preview",
    "queues", "workers", "stages", "stage", "pause", "drain", "resume", "overview", "webhook_backlog", "timeline",
    "dead_letters", "dead_letter", "requeue", "drop_dead_letter",
}  # fmt: skip


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    with Proxy(int(url.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def asking(proxy: Proxy) -> Iterator[HttpClient]:
    with HttpClient(f"http://127.0.0.1:{proxy.port}", "") as asking:
        yield asking


def lasting(seconds: float, steps: int = 20) -> TextToImage:
    """A job that an echo worker draws for so long."""
    metadata = {"steps": str(steps), "step_seconds": str(seconds / steps)}
    return ASKED.model_copy(update={"metadata": metadata})


class Listener:
    """Keeps the types of the events that it is told, and acts once, when one of type `due` is."""

    def __init__(self, due: EventType, act: Callable[[], object]) -> None:
        self.told: list[EventType] = []
        self._due, self._act = due, act

    def __call__(self, event: JobEvent) -> None:
        self.told.append(event.type)
        if self.told.count(self._due) == 1 and event.type is self._due:
            self._act()


@pytest.mark.parametrize("kind", [HttpClient, AsyncHttpClient])
def test_both_clients_ask_as_the_direct_one_does(kind: type[Any]) -> None:
    assert {name for name in dir(kind) if not name.startswith("_")} - {"close"} == CALLS
    for name in CALLS:
        assert _asked(getattr(kind, name)) == _asked(getattr(Client, name)), name


def _asked(method: Any) -> list[tuple[str, Any, Any, Any]]:
    parameters = inspect.signature(method).parameters.values()
    return [(one.name, one.kind, one.default, one.annotation) for one in parameters]


def test_a_job_is_submitted_shown_listed_canceled_and_deleted(asking: HttpClient, client: Client) -> None:
    job = asking.submit(ASKED)
    assert (job.status, job.kind) == (JobStatus.QUEUED, Kind.TEXT_TO_IMAGE)
    assert asking.get(job.id).request == client.get(job.id).request
    page = asking.list(status=JobStatus.QUEUED, kind=Kind.TEXT_TO_IMAGE, limit=1)
    assert ([listed.id for listed in page.jobs], page.next_cursor) == ([job.id], None)
    with pytest.raises(Conflict):
        asking.delete(job.id)
    assert asking.cancel(job.id).status is JobStatus.CANCELED
    asking.delete(job.id)
    with pytest.raises(NotFound):
        asking.get(job.id)


def test_a_stack_is_looked_after_as_by_the_direct_client(asking: HttpClient, client: Client) -> None:
    job = asking.submit(ASKED)
    assert asking.pause(StageName.SDXL_BASE).state is StageState.PAUSED
    assert asking.stage(StageName.SDXL_BASE).state_since == client.stage(StageName.SDXL_BASE).state_since
    assert asking.drain(StageName.SDXL_BASE).state is asking.overview().stages[0].state is StageState.DRAINING
    assert asking.resume(StageName.SDXL_BASE).state is asking.stages()[0].state is StageState.OPEN
    assert asking.timeline(job.id) == client.timeline(job.id)
    assert asking.webhook_backlog() == client.webhook_backlog()
    assert asking.dead_letters() == ()
    for look in (asking.dead_letter, asking.requeue, asking.drop_dead_letter):
        for letter_id in ("1-1", "../jobs"):
            with pytest.raises(NotFound):
                look(letter_id)


def test_the_async_client_looks_after_a_stack_alike(url: str, client: Client) -> None:
    async def look() -> None:
        async with AsyncHttpClient(url, "") as asking:
            job = await asking.submit(ASKED)
            assert (await asking.pause(StageName.SDXL_BASE)).state is StageState.PAUSED
            assert [told.stage for told in await asking.stages()] == [*StageName]
            assert (await asking.resume(StageName.SDXL_BASE)).depth == 1
            assert await asking.timeline(job.id) == client.timeline(job.id)
            assert (await asking.list(stage=StageName.SDXL_BASE)).jobs[0].id == job.id
            assert await asking.dead_letters() == ()

    asyncio.run(look())


def test_a_listing_goes_on_where_its_page_ended(asking: HttpClient) -> None:
    made = [asking.submit(ASKED).id for _ in range(3)]
    first = asking.list(limit=2)
    second = asking.list(limit=2, cursor=first.next_cursor)
    assert [job.id for job in (*first.jobs, *second.jobs)] == made[::-1]
    assert second.next_cursor is None


def test_a_submission_that_is_sent_twice_makes_one_job(asking: HttpClient, client: Client) -> None:
    keyed = ASKED.model_copy(update={"idempotency_key": "one"})
    assert asking.submit(keyed).id == asking.submit(keyed).id
    assert len(client.list().jobs) == 1
    with pytest.raises(IdempotencyMismatch):
        asking.submit(keyed.model_copy(update={"seed": 1}))


def test_a_gateway_that_is_away_for_a_while_is_waited_for(proxy: Proxy, client: Client) -> None:
    proxy.refuse()
    tried = proxy.connections
    with HttpClient(f"http://127.0.0.1:{proxy.port}", "", retries=10) as asking, ThreadPoolExecutor(1) as callers:
        asked = callers.submit(asking.submit, ASKED)
        until(lambda: proxy.connections > tried, "somebody is turned away")
        proxy.mend()
        assert [asked.result().id] == [job.id for job in client.list().jobs]


@pytest.mark.parametrize(
    ("is_repeated", "ask"),
    [
        (True, lambda asking: asking.queues()),
        (True, lambda asking: asking.submit(ASKED)),
        (False, lambda asking: asking.upload(b"pixels")),
        (False, lambda asking: asking.delete("a")),
    ],
)
def test_only_what_does_no_harm_twice_is_asked_again_when_its_answer_is_lost(
    proxy: Proxy, *, is_repeated: bool, ask: Callable[[HttpClient], object]
) -> None:
    proxy.answer(502)
    with HttpClient(f"http://127.0.0.1:{proxy.port}", "", retries=1) as asking, pytest.raises(StackUnavailable):
        ask(asking)
    assert proxy.connections == (2 if is_repeated else 1)


def test_a_gateway_that_is_not_there_is_told_after_a_few_attempts(proxy: Proxy) -> None:
    proxy.refuse()
    with HttpClient(f"http://127.0.0.1:{proxy.port}", "", retries=1) as asking:
        for ask in (asking.queues, lambda: list(asking.events("a")), lambda: asking.wait("a")):
            with pytest.raises(StackUnavailable, match="does not answer"):
                ask()


def test_events_are_told_to_the_end_and_taken_up_from_any_of_them(asking: HttpClient, start: Start) -> None:
    start(StageName.SDXL_BASE)
    job = asking.submit(ASKED)
    told = list(asking.events(job.id))
    assert (told[0].type, told[-1].type) == (EventType.QUEUED, EventType.SUCCEEDED)
    assert [event.sequence for event in told] == sorted(event.sequence for event in told)
    assert list(asking.events(job.id, after=told[1].id)) == told[2:]
    assert list(asking.events(job.id, after=told[-1].id)) == []


def test_a_connection_that_breaks_loses_no_event_and_tells_none_twice(
    asking: HttpClient, proxy: Proxy, start: Start
) -> None:
    start(StageName.SDXL_BASE)
    job = asking.submit(lasting(3.0))
    told = []
    for event in asking.events(job.id):
        told.append(event)
        if event.type in (EventType.QUEUED, EventType.STARTED, EventType.PROGRESS):
            proxy.cut()
    assert told == list(asking.events(job.id))
    assert told[-1].type is EventType.SUCCEEDED


def test_who_waits_outlasts_a_gateway_that_goes_away(asking: HttpClient, proxy: Proxy, start: Start) -> None:
    start(StageName.SDXL_BASE)
    job = asking.submit(lasting(3.0))
    back = threading.Timer(0.5, proxy.mend)

    def leave() -> None:
        proxy.refuse()
        back.start()

    listener = Listener(EventType.STARTED, leave)
    ended = asking.wait(job.id, timeout=START_SECONDS, on_event=listener)
    assert ended.status is JobStatus.SUCCEEDED
    assert listener.told.count(EventType.STARTED) == listener.told.count(EventType.SUCCEEDED) == 1


@pytest.mark.timeout(40)  # a read that nobody ends would take 45 s
def test_who_waits_is_told_that_it_took_too_long_even_while_the_gateway_hangs(asking: HttpClient, proxy: Proxy) -> None:
    job = asking.submit(ASKED)  # nobody works
    with pytest.raises(TimeoutError, match=job.id):
        asking.wait(job.id, timeout=0.5)
    listener = Listener(EventType.QUEUED, proxy.hang)
    with pytest.raises(TimeoutError, match=job.id):
        asking.wait(job.id, timeout=4.0, on_event=listener)
    assert listener.told == [EventType.QUEUED]


def test_a_job_that_is_not_there_has_no_events(asking: HttpClient) -> None:
    for ask in (lambda: list(asking.events("a" * 32)), lambda: asking.wait("a" * 32), lambda: asking.preview("a" * 32)):
        with pytest.raises(NotFound):
            ask()


def test_the_events_of_a_job_that_is_deleted_come_to_an_end(asking: HttpClient, client: Client) -> None:
    job = asking.submit(ASKED)
    events = asking.events(job.id)
    assert next(events).type is EventType.QUEUED
    client.cancel(job.id)
    client.delete(job.id)
    with suppress(NotFound):  # or its last event was on the way already
        assert [event.type for event in events] == [EventType.CANCELED]


def test_what_was_uploaded_is_varied_and_what_was_drawn_is_downloaded(asking: HttpClient, start: Start) -> None:
    image = ImageSource(upload_id=asking.upload(b"what a PNG would hold"))
    job = asking.submit(Variation(image=image, num_images_per_prompt=2))
    with pytest.raises(Conflict):
        asking.download(job.id, 1)
    start(StageName.UNCLIP_VARIATION)
    ended = asking.wait(job.id, timeout=START_SECONDS)
    assert ended.status is JobStatus.SUCCEEDED, ended.error
    for told in ended.images:
        assert hashlib.sha256(asking.download(job.id, told.index)).hexdigest() == told.sha256
    with pytest.raises(NotFound):
        asking.download(job.id, 0, Role.BASE)
    with pytest.raises(NotFound):
        asking.submit(Variation(image=ImageSource(upload_id="nothing")))


@pytest.mark.usefixtures("store")
def test_where_the_store_is_out_of_reach_images_come_through_the_gateway(settings: Settings, start: Start) -> None:
    start(StageName.SDXL_BASE)
    elsewhere = settings.model_copy(update={"s3_public_endpoint": "http://127.0.0.1:1"})
    with served(elsewhere) as url, HttpClient(url, "") as asking:
        job = asking.wait(asking.submit(ASKED).id, timeout=START_SECONDS)
        assert hashlib.sha256(asking.download(job.id)).hexdigest() == job.images[0].sha256


def test_what_is_drawn_is_previewed(asking: HttpClient, start: Start) -> None:
    start(StageName.SDXL_BASE)
    job = asking.submit(ASKED.model_copy(update={"metadata": {"preview_steps": "1"}}))
    assert any(event.progress and event.progress.preview for event in asking.events(job.id))
    assert (asking.preview(job.id) or b"").startswith(b"\xff\xd8")  # as every JPEG begins


def test_what_a_job_would_cost_is_told_and_makes_none(asking: HttpClient, client: Client) -> None:
    told = asking.estimate(ASKED)
    assert (told.accepted, told.pixels, [stage.stage for stage in told.stages]) == (True, 1024**2, ["sdxl_base"])
    refused = asking.estimate(Variation(image=ImageSource(upload_id="nothing")))
    assert refused.refusal is not None
    assert refused.refusal.code == "not_found"
    assert client.list().jobs == ()


def test_who_works_and_what_waits_is_told(asking: HttpClient, start: Start) -> None:
    assert (asking.workers(), {queue.depth for queue in asking.queues()}) == ((), {0})
    start(StageName.SDXL_BASE)
    until(lambda: any(worker.state == "ready" for worker in asking.workers()), "a worker is ready")
    assert [queue.stage for queue in asking.queues()] == list(StageName)


@pytest.mark.usefixtures("store")
def test_a_key_opens_what_is_closed_and_is_shown_to_nobody(settings: Settings) -> None:
    keys = Keys(connect(settings))
    _, key = keys.create("test", scopes=frozenset({Scope.READ}))
    with served(settings) as url:
        with HttpClient(url, "") as asking, pytest.raises(Unauthorized):
            asking.queues()
        with HttpClient(url, key) as asking:
            asking.queues()
            with pytest.raises(Forbidden):
                asking.submit(ASKED)
            assert key not in repr(vars(asking))


def test_an_event_loop_asks_alike(proxy: Proxy, start: Start) -> None:
    listener = Listener(EventType.STARTED, proxy.cut)

    async def ask() -> None:
        async with AsyncHttpClient(f"http://127.0.0.1:{proxy.port}", "") as asking:
            job = await asking.submit(lasting(2.0))
            with pytest.raises(TimeoutError, match=job.id):
                await asking.wait(job.id, timeout=0.1)
            start(StageName.SDXL_BASE)
            ended = await asking.wait(job.id, timeout=START_SECONDS, on_event=listener)
            assert ended.status is JobStatus.SUCCEEDED
            assert hashlib.sha256(await asking.download(job.id)).hexdigest() == ended.images[0].sha256
            assert [event.type async for event in asking.events(job.id)] == listener.told
            assert [job.id for job in (await asking.list()).jobs] == [job.id]
            await asking.upload(b"pixels")
            assert (await asking.estimate(ASKED)).accepted
            assert len(await asking.queues()) == len(StageName)
            assert await asking.workers()
            assert (await asking.cancel(job.id)).status is JobStatus.SUCCEEDED
            await asking.delete(job.id)
            for lost in (asking.get(job.id), asking.preview(job.id), asking.wait(job.id)):
                with pytest.raises(NotFound):
                    await lost

    asyncio.run(ask())


def test_an_event_loop_waits_for_a_gateway_that_is_away(proxy: Proxy) -> None:
    async def ask() -> Job:
        async with AsyncHttpClient(f"http://127.0.0.1:{proxy.port}", "", retries=10) as asking:
            return await asking.submit(ASKED)

    proxy.refuse()
    threading.Timer(0.3, proxy.mend).start()
    assert asyncio.run(ask()).status is JobStatus.QUEUED
