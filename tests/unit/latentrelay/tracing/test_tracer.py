"""What tells spans, to a real collector, or to none."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import TracerProvider

from latentrelay.errors import QueueFull
from latentrelay.tracing import NULL, Kind, TraceContext, Tracer, current, tracer_of, within
from tests.collector import Came, Collector, collecting
from tests.processes import until

PARENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def tracer(collector: Collector) -> Iterator[Tracer]:
    tracer = tracer_of(f"{collector.url}/", "tests")
    yield tracer
    tracer.close()


def told(tracer: Tracer, collector: Collector) -> dict[str, Came]:
    tracer.close()
    return {span.name: span for span in collector.spans}


def test_what_ends_is_told_at_the_latest_when_the_tracer_is_closed(tracer: Tracer, collector: Collector) -> None:
    with tracer.span("stage", Kind.CONSUMER, PARENT, job_id="j", attempt=2) as span, span.child("denoise"):
        pass
    spans = told(tracer, collector)
    assert (spans["stage"].trace_id, spans["stage"].parent_id) == (PARENT.trace_id, PARENT.span_id)
    assert spans["stage"].told == {"latentrelay.job_id": "j", "latentrelay.attempt": 2}
    assert spans["stage"].service == "latentrelay.tests"
    assert spans["denoise"].parent_id == spans["stage"].span_id
    assert spans["stage"].began <= spans["denoise"].began <= spans["denoise"].ended <= spans["stage"].ended


def test_what_is_over_is_told_with_its_own_times(tracer: Tracer, collector: Collector) -> None:
    ended = datetime.now(UTC)
    tracer.tell("queued", PARENT, ended - timedelta(seconds=5), ended)
    span = told(tracer, collector)["queued"]
    assert span.ended - span.began == 5_000_000_000


def test_an_error_is_told_by_its_code_or_its_type_and_never_by_its_message(
    tracer: Tracer, collector: Collector
) -> None:
    for name, error in (("known", QueueFull("SECRET")), ("foreign", ValueError("SECRET"))):
        with pytest.raises(type(error)), tracer.span(name, Kind.PRODUCER, None):
            raise error
    spans = told(tracer, collector)
    assert (spans["known"].failed, spans["known"].told) == (True, {"error.type": "queue_full"})
    assert (spans["foreign"].failed, spans["foreign"].told) == (True, {"error.type": "ValueError"})
    assert b"SECRET" not in b"".join(collector.raw)


def test_only_a_request_or_a_submission_begins_a_trace(tracer: Tracer, collector: Collector) -> None:
    now = datetime.now(UTC)
    for kind in Kind:
        with tracer.span(kind, kind, None) as span:
            assert (span.context is not None) is kind.begins
    tracer.tell("queued", None, now, now)
    assert told(tracer, collector).keys() == {Kind.SERVER, Kind.PRODUCER}


def test_a_trace_that_is_sampled_out_is_kept_and_not_told(tracer: Tracer, collector: Collector) -> None:
    out = TraceContext(PARENT.trace_id, PARENT.span_id, is_sampled=False)
    with tracer.span("stage", Kind.CONSUMER, out) as span, span.child("denoise"):
        assert span.context is not None
        assert (span.context.trace_id, span.context.is_sampled) == (PARENT.trace_id, False)
    assert not told(tracer, collector)


def test_the_standards_own_sampler_is_heeded(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    tracer = tracer_of(collector.url, "tests")
    with tracer.span("submit", Kind.PRODUCER, None) as span:
        assert span.context is not None
        assert not span.context.is_sampled
    assert not told(tracer, collector)


def test_a_collector_that_hangs_is_not_waited_for(collector: Collector) -> None:
    collector.open.clear()
    tracer = tracer_of(collector.url, "tests")
    for number in range(5000):  # more than there is room for
        with tracer.span("stage", Kind.CONSUMER, PARENT, attempt=number):
            pass
    assert collector.asked.wait(60)
    closing = threading.Thread(target=tracer.close, daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive()
    assert not collector.spans
    collector.open.set()
    until(lambda: "OtelBatch" not in str(threading.enumerate()), "its thread has ended")


def test_a_collector_that_takes_nothing_is_told_of_once(
    collector: Collector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    collector.status = 400
    tracer = tracer_of(collector.url, "tests")
    for _ in range(3):
        collector.asked.clear()
        with tracer.span("stage", Kind.CONSUMER, PARENT):
            pass
        assert collector.asked.wait(60)
    tracer.close()
    lines = [line for line in caplog.records if line.name.startswith("latentrelay")]
    assert [line.message for line in lines] == ["the collector takes no spans"]


def test_without_an_endpoint_nothing_is_told_and_a_trace_goes_on_all_the_same() -> None:
    assert tracer_of(None, "tests") is tracer_of("", "tests") is NULL
    with NULL.span("stage", Kind.CONSUMER, PARENT) as span, span.child("denoise"):
        assert span.context == PARENT
    with NULL.span("submit", Kind.PRODUCER, None) as span:
        assert span.context is not None
        assert span.context.is_sampled


def test_where_the_standard_turns_its_sdk_off_there_is_none(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracer_of(collector.url, "tests") is NULL


def test_a_variable_that_cannot_be_used_is_told_and_stops_nobody(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-1")
    assert tracer_of(collector.url, "tests") is NULL
    assert "traces are not told" in caplog.text


def test_without_the_extra_a_process_says_so_and_goes_on() -> None:
    code = (
        "import sys; sys.modules['opentelemetry.sdk'] = None;"
        "from latentrelay.logs import configure; configure('INFO');"
        "from latentrelay.tracing import NULL, tracer_of;"
        "assert tracer_of('http://127.0.0.1:1', 'x') is NULL"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "install latentrelay[tracing]" in done.stderr


def test_nobody_loads_the_exporter_who_tells_no_traces() -> None:
    code = (
        "import sys, latentrelay.client, latentrelay.worker, services.webhooks.process;"
        "from latentrelay.tracing import tracer_of; tracer_of(None, 'x');"
        "heavy = ('opentelemetry.exporter', 'opentelemetry.sdk.trace');"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_work_belongs_to_what_it_is_within_or_else_to_the_applications_own_span() -> None:
    assert current() is None
    with TracerProvider().get_tracer("app").start_as_current_span("checkout") as span:
        found = current()
        assert found is not None
        assert int(found.span_id, 16) == span.get_span_context().span_id
        assert found.is_sampled
        with within(PARENT):
            assert current() == PARENT
    assert otel.get_current_span() is otel.INVALID_SPAN


def test_our_spans_are_not_the_applications(tracer: Tracer) -> None:
    with tracer.span("submit", Kind.PRODUCER, None):
        assert otel.get_current_span() is otel.INVALID_SPAN
