"""Which trace a job is a part of: fixed as it is submitted, told by its record, its messages and its webhooks."""

import base64
import json
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider

from latentrelay import TextToImage
from latentrelay.client import Client
from latentrelay.contracts import Problem, StageName
from latentrelay.errors import ErrorCode
from latentrelay.http import HttpClient
from latentrelay.jobs import Answer, Claims, connect, keys
from latentrelay.settings import Settings
from latentrelay.tracing import TraceContext
from tests.gateway.serving import served
from tests.integration.webhook_bench import Bench

ASK = TextToImage(prompt="a lighthouse")


@pytest.fixture
def claims(settings: Settings) -> Claims:
    return Claims(connect(settings), lease_seconds=30, max_attempts=1)


@pytest.fixture
def span() -> Iterator[TraceContext]:
    """The current span of an application that traces itself."""
    with TracerProvider().get_tracer("app").start_as_current_span("checkout") as span:
        found = span.get_span_context()
        yield TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}")


def of(settings: Settings, job_id: str) -> TraceContext | None:
    return TraceContext.read(connect(settings).hget(keys.job(job_id), "traceparent"))


def test_a_job_that_an_application_submits_belongs_to_its_span_on_every_attempt(
    client: Client, settings: Settings, claims: Claims, span: TraceContext
) -> None:
    job = client.submit(ASK)
    (message,) = connect(settings).lrange(StageName.SDXL_BASE, 0, -1)
    _, hint, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
    claim = claims.claim(job.stage, "w1")
    assert claim is not None
    assert of(settings, job.id) == TraceContext.read(hint["traceparent"]) == claim.trace == span
    assert claims.release(claim) is Answer.QUEUED
    again = claims.claim(job.stage, "w2")
    assert again is not None
    assert again.trace == span


def test_a_job_that_is_submitted_over_http_belongs_to_the_applications_span(
    settings: Settings, span: TraceContext
) -> None:
    with served(settings) as url, HttpClient(url) as asking:
        assert of(settings, asking.submit(ASK).id) == span


def test_a_dead_letter_is_requeued_in_the_trace_of_whoever_asks_for_it(
    client: Client, settings: Settings, claims: Claims
) -> None:
    job = client.submit(ASK)
    claim = claims.claim(job.stage, "w1")
    assert claim is not None
    claims.retry(claim, 0, Problem(code=ErrorCode.INTERNAL, detail="lost"))
    (letter,) = client.dead_letters()
    first, second = of(settings, job.id), of(settings, client.requeue(letter.id).id)
    assert first is not None
    assert second is not None
    assert first.trace_id != second.trace_id


def test_a_webhook_belongs_to_the_trace_of_its_job_and_a_trial_to_none(bench: Bench, span: TraceContext) -> None:
    endpoint = bench.endpoint()
    client = Client(bench.settings)
    client.cancel(client.submit(ASK).id)
    bench.outbox.post(*bench.outbox.rows(1))
    client.webhooks.test(endpoint.id)
    taken = bench.deliveries().take(10).deliveries
    assert {delivery.type: delivery.trace for delivery in taken} == {"job.canceled": span, "webhook.test": None}


def test_a_record_of_an_earlier_release_or_a_damaged_one_belongs_to_no_trace(
    client: Client, settings: Settings, claims: Claims
) -> None:
    job = client.submit(ASK)
    connect(settings).hset(keys.job(job.id), "traceparent", "what is this")
    claim = claims.claim(job.stage, "w1")
    assert claim is not None
    assert claim.trace is None
