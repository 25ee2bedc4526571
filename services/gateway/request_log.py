"""A line for each request: its id, what was asked by its route, how it ended, how long it took.

Of what it brought, nothing but the id that its caller gave it.
"""

import logging
import re
import time
import traceback
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.errors import LatentRelayError
from latentrelay.logs import bound
from services.gateway.problems import problem_response
from services.gateway.streaming import ReaderAway

REQUEST_ID = "X-Request-Id"
"""Names the request, or the job where a route says so; OpenAI's client shows it as `request_id`."""
NOT_AGAIN = {"X-Should-Retry": "false"}
"""OpenAI's client goes by it: it may have been after the job was made."""
GONE = 499  # nginx's status for a client that left before its answer

log = logging.getLogger(__name__)


class RequestLog:
    """ASGI middleware: names and logs each request, and answers for what broke.

    It stands before all others but those that put headers on whatever is answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began, request_id = 0, time.perf_counter(), id_of(Headers(scope=scope))

        async def answer(message: Message) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = MutableHeaders(scope=message).setdefault(REQUEST_ID, request_id)
            await send(message)

        try:
            with bound(request_id=request_id):
                await self._app(scope, receive, answer)
        except (ClientDisconnect, ReaderAway):
            status = GONE
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told here and nowhere else
            broke = {"error": type(error).__name__, "at": _place(error), "request_id": request_id}
            log.error("request broke", extra=broke)  # noqa: TRY400 - its message and its locals may quote the request
            if not status:
                broken = LatentRelayError("Something broke here; it is logged.")
                await problem_response(broken, NOT_AGAIN)(scope, receive, answer)
        finally:
            ms = round((time.perf_counter() - began) * 1000, 1)
            told = {"method": scope["method"], "path": _template(scope), "status": status, "ms": ms}
            log.info("request", extra={**told, **made_by(scope), "request_id": request_id})


def id_of(headers: Headers) -> str:
    """The id that a request brings, where it brings one that can be told and logged; else one that is drawn."""
    match headers.getlist(REQUEST_ID):
        case [brought] if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", brought):
            return brought
        case _:
            return uuid.uuid4().hex


def made_by(scope: Scope) -> dict[str, str]:
    """The job that a request made, where its route said so."""
    job_id = scope.get("state", {}).get("job_id")
    return {} if job_id is None else {"job_id": job_id}


def _template(scope: Scope) -> str:
    """The path as its route has it; a path that leads nowhere may be anything, and is not told."""
    return getattr(scope.get("route"), "path", "-")


def _place(error: BaseException) -> str:
    """Where it was raised; of one that was raised because of another, where that was."""
    frame = traceback.extract_tb((error.__cause__ or error).__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
