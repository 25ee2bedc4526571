"""Spans for a collector, by OTLP over HTTP. This room alone knows OpenTelemetry, and this file alone its SDK.

The SDK reads by itself what the standard's other variables say: `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` ...
"""

import atexit
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from time import time_ns

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation import set_span_in_context

from latentrelay.errors import LatentRelayError
from latentrelay.tracing.context import TraceContext
from latentrelay.tracing.port import Kind, NullSpan, Span, Value

log = logging.getLogger(__name__)

PREFIX = "latentrelay."
FLUSH_MS = 2000


class OtlpTracer:
    """Tells spans to a collector, in batches, from a thread of its own; what it has no room for is dropped.

    Args:
        endpoint: of the collector, like http://collector:4318.
        service: what this process is.
    """

    def __init__(self, endpoint: str, service: str) -> None:
        self._provider = TracerProvider(resource=_resource(service), shutdown_on_exit=False)
        exporter = _Exporter(OTLPSpanExporter(f"{endpoint.removesuffix('/')}/v1/traces"))
        self._provider.add_span_processor(_Batches(exporter))
        self._tracer = self._provider.get_tracer("latentrelay", version("latentrelay"))
        atexit.register(self.close)

    @contextmanager
    def span(self, name: str, kind: Kind, parent: TraceContext | None, /, **attributes: Value) -> Iterator[Span]:
        """A span of what happens inside."""
        if parent is None and not kind.begins:
            yield NullSpan(None)
            return
        span = _OtlpSpan(self._tracer, self._started(name, kind, parent, time_ns(), attributes))
        try:
            yield span
        except BaseException as error:
            span.fail(error.code if isinstance(error, LatentRelayError) else type(error).__name__)
            raise
        finally:
            span.end()

    def tell(
        self, name: str, parent: TraceContext | None, began: datetime, ended: datetime, /, **attributes: Value
    ) -> None:
        """A span of what is over."""
        if parent is not None:
            self._started(name, Kind.INTERNAL, parent, _ns(began), attributes).end(_ns(ended))

    def close(self) -> None:
        """Send what has not been sent yet, for a few seconds at most."""
        atexit.unregister(self.close)
        self._provider.shutdown()

    def _started(
        self, name: str, kind: Kind, parent: TraceContext | None, at: int, attributes: dict[str, Value]
    ) -> otel.Span:
        return self._tracer.start_span(
            name, _below(parent), otel.SpanKind[kind.name], attributes=_named(attributes), start_time=at
        )


class _OtlpSpan:
    """A span that is told when it ends, and with it its children."""

    def __init__(self, tracer: otel.Tracer, span: otel.Span) -> None:
        self._tracer = tracer
        self._span = span
        self._ended: list[tuple[otel.Span, int]] = []
        found = span.get_span_context()
        self.context = TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)

    def tell(self, **attributes: Value) -> None:
        """More of it."""
        self._span.set_attributes(_named(attributes))

    def fail(self, code: str) -> None:
        """It ended badly."""
        self._span.set_attribute("error.type", code)
        self._span.set_status(otel.StatusCode.ERROR)

    @contextmanager
    def child(self, name: str) -> Iterator[None]:
        """A part of it."""
        span = self._tracer.start_span(name, set_span_in_context(self._span))
        try:
            yield
        finally:
            self._ended.append((span, time_ns()))

    def end(self) -> None:
        """It is over."""
        for child, at in self._ended:
            child.end(at)
        self._span.end()


class _Batches(BatchSpanProcessor):
    """Ends in time where the collector hangs; the SDK's own waits for 30 s."""

    def shutdown(self) -> None:
        """Send what has not been sent yet, for a few seconds at most."""
        self._batch_processor.shutdown(timeout_millis=FLUSH_MS)


class _Exporter(SpanExporter):
    """Says once that the collector takes nothing, and once that it does again; the SDK would say it at each batch."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._takes = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, for some seconds at most."""
        result = self._exporter.export(spans)
        takes = result is SpanExportResult.SUCCESS
        if takes is not self._takes:
            log.warning("the collector takes spans again" if takes else "the collector takes no spans")
        self._takes = takes
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()


def _resource(service: str) -> Resource:
    """What this process is; `OTEL_SERVICE_NAME` goes first."""
    name = os.environ.get("OTEL_SERVICE_NAME") or f"latentrelay.{service}"
    return Resource.create({"service.name": name, "service.version": version("latentrelay")})


def _below(parent: TraceContext | None) -> otel_context.Context:
    """What the SDK takes for a parent; never the current span of the application."""
    if parent is None:
        return otel_context.Context()
    flags = otel.TraceFlags(parent.is_sampled)
    known = otel.SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(otel.NonRecordingSpan(known), otel_context.Context())


def _named(attributes: dict[str, Value]) -> dict[str, Value]:
    """Names with a dot are the standard's; the others are ours."""
    return {name if "." in name else PREFIX + name: value for name, value in attributes.items()}


def _ns(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
