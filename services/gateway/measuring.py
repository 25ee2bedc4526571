"""Counts what is answered."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.metrics import Metrics

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Measured:
    """ASGI middleware: counts each answer by method, route and status, and the time to its first byte.

    Args:
        app: what the requests go to.
        metrics: where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began
                self._metrics.answered(method_of(scope), route_of(scope), message["status"], seconds)
            await send(message)

        await self._app(scope, receive, told)


def method_of(scope: Scope) -> str:
    """The method of a request, `other` for one that nobody knows."""
    return scope["method"] if scope["method"] in METHODS else "other"


def route_of(scope: Scope) -> str:
    """The template of its path, like /v1/jobs/{job_id}; `none` where it is no path of ours."""
    return str(getattr(scope.get("route"), "path", "none"))
