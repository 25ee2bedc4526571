"""The span of a request that makes a job, in the trace of its caller; all else is in no trace of ours."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.logs import bound
from latentrelay.tracing import Kind, Span, TraceContext, Tracer, Value, current, in_logs, within
from services.gateway.measuring import route_of
from services.gateway.request_log import made_by

REQUEUE = "/v1/dead-letters/{letter_id}/requeue"
MAKING = frozenset(("/v1/jobs", "/v1/images/generations", "/v1/images/edits", "/v1/images/variations", REQUEUE))
"""Where jobs are made, by POST. Polls, streams and files would be a thousand traces that metrics tell as well."""
SERVERS_FAULT = 500


class Traced:
    """ASGI middleware.

    Args:
        app: what the requests go to.
        tracer: tells the spans.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        made_at = template_of(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if made_at not in MAKING:
            await self._app(scope, receive, send)
            return
        with self._tracer.span(f"POST {made_at}", Kind.SERVER, trace_of(scope)) as span:

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    tell_end(span, scope, message["status"])
                await send(message)

            with within(span.context), bound(**in_logs(span.context)):
                await self._app(scope, receive, answer)


def template_of(path: str) -> str:
    """`path`, as its route has it where that makes jobs: no span is named after a letter."""
    return re.sub(r"^/v1/dead-letters/[^/]+/requeue$", REQUEUE, path)


def trace_of(scope: Scope) -> TraceContext | None:
    """The trace that a request is a part of, where it tells one as the standard wants it."""
    match Headers(scope=scope).getlist("traceparent"):
        case [brought] if (found := TraceContext.read(brought)) is not None:
            return found
        case _:
            return current()


def tell_end(span: Span, scope: Scope, status: int) -> None:
    """How a request was answered, and which job it made."""
    told: dict[str, Value] = {
        "http.request.method": scope["method"],
        "http.route": route_of(scope),
        "http.response.status_code": status,
    }
    span.tell(**told, **made_by(scope))
    if status >= SERVERS_FAULT:
        span.fail(str(status))
