"""Traces of jobs: one port, by which everybody tells spans. Off unless `LATENTRELAY_OTLP_ENDPOINT` is set."""

from latentrelay.tracing.configured import tracer_of
from latentrelay.tracing.context import TraceContext, in_logs
from latentrelay.tracing.current import current, within
from latentrelay.tracing.port import NULL, Kind, Span, Tracer, Value

__all__ = [
    "NULL",
    "Kind",
    "Span",
    "TraceContext",
    "Tracer",
    "Value",
    "current",
    "in_logs",
    "tracer_of",
    "within",
]
