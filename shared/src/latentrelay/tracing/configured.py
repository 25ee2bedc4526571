"""The tracer that the settings want."""

import logging
import os

from latentrelay.tracing.port import NULL, Tracer

log = logging.getLogger(__name__)


def tracer_of(endpoint: str | None, service: str) -> Tracer:
    """What tells the spans of this process, which is a `service`, to `endpoint`; without one, it tells nothing.

    To be called after a fork: it has a thread of its own.
    """
    if not endpoint or os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return NULL
    try:
        from latentrelay.tracing.otlp import OtlpTracer  # noqa: PLC0415  # heavy, and an extra that may be missing

        return OtlpTracer(endpoint, service)
    except ImportError as error:
        return _without("install latentrelay[tracing], or unset LATENTRELAY_OTLP_ENDPOINT", error)
    except (ValueError, RuntimeError) as error:
        return _without("one of the OTEL_ variables cannot be used", error)


def _without(detail: str, error: Exception) -> Tracer:
    """A process works as well without traces: it says why there are none, and goes on."""
    log.error("traces are not told", extra={"detail": detail, "error": f"{type(error).__name__}: {error}"})
    return NULL
