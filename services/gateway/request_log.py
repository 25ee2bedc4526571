"""A line for each request: what was asked by its route, how it ended, how long it took. Nothing that it brought."""

import logging
import time
import traceback

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.errors import LatentRelayError
from services.gateway.problems import problem_response
from services.gateway.streaming import ReaderAway

GONE = 499  # nginx's status for a client that left before its answer

log = logging.getLogger(__name__)


class RequestLog:
    """ASGI middleware: logs each request, and answers for what broke. It stands before all others but `RateHeaders`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 0, time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except (ClientDisconnect, ReaderAway):
            status = GONE
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told here and nowhere else
            log.error("request broke", extra={"error": type(error).__name__, "at": _place(error)})  # noqa: TRY400 - its message and its locals may quote the request
            if not status:
                await problem_response(LatentRelayError("Something broke here; it is logged."))(scope, receive, answer)
        finally:
            ms = round((time.perf_counter() - began) * 1000, 1)
            log.info("request", extra={"method": scope["method"], "path": _template(scope), "status": status, "ms": ms})


def _template(scope: Scope) -> str:
    """The path as its route has it; a path that leads nowhere may be anything, and is not told."""
    return getattr(scope.get("route"), "path", "-")


def _place(error: BaseException) -> str:
    """Where it was raised; of one that was raised because of another, where that was."""
    frame = traceback.extract_tb((error.__cause__ or error).__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
