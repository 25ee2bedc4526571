"""Beneath which span the work at hand belongs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from latentrelay.tracing.context import TraceContext

_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)


@contextmanager
def within(context: TraceContext | None) -> Iterator[None]:
    """Inside, what begins is a part of `context`, in this task and the threads that it waits for."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> TraceContext | None:
    """Where the work at hand belongs: to what `within` named, or else to the current span of the application."""
    return _current.get() or _of_application()


def _of_application() -> TraceContext | None:
    """The current span of an application that uses OpenTelemetry; one that has not loaded it, has none."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry.trace import get_current_span  # noqa: PLC0415  # only where it is loaded already

    found = get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return TraceContext(f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)
