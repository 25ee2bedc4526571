"""What a request may bring: how much, how fast, and JSON that is what it says. One place for all routes."""

import asyncio
import json
import time
from typing import Any, NoReturn

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.contracts import MAX_DATA_URI
from latentrelay.errors import ErrorCode, InputTooLarge, InvalidRequest, PermanentError
from services.gateway.problems import problem_response

MAX_JSON = MAX_DATA_URI * 4 // 3 + 256 * 1024  # bytes; a data URI of the largest image, and all else
MAX_DEPTH = 32
FORM_SLACK = 256 * 1024  # bytes; fields and boundaries of a form around a file
IDLE_SECONDS = 15.0  # between two pieces of a body
BODY_SECONDS = 120.0  # for a whole body


class TooSlow(PermanentError):
    """The body of the request came too slowly."""

    code = ErrorCode.INVALID_REQUEST


class BodyLimits:
    """ASGI middleware: a body too large or too slow ends the request, and is never held whole for that.

    Args:
        app: what the requests go to.
        max_file: bytes of an uploaded file; JSON has its own limit.
    """

    def __init__(self, app: ASGIApp, max_file: int) -> None:
        self._app = app
        self._max_file = max_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Watched(receive, _limit(scope, self._max_file))
        begun = False

        async def told(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            body.check_told(scope)
            await self._app(scope, body.receive, told)
        except (InputTooLarge, TooSlow) as error:
            if begun:
                raise
            response = problem_response(error, {"Connection": "close"})
            if isinstance(error, TooSlow):
                response.status_code = 408
            await response(scope, receive, send)


class _Watched:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._came = 0
        self._until = time.monotonic() + BODY_SECONDS
        self._is_whole = False

    def check_told(self, scope: Scope) -> None:
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told) > self._limit:
            raise InputTooLarge(f"The body has {int(told)} bytes; at most {self._limit} are allowed.")

    async def receive(self) -> Message:
        if self._is_whole:  # what follows is the client leaving, whenever it does
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), min(IDLE_SECONDS, self._until - time.monotonic()))
        except TimeoutError:
            raise TooSlow from None
        self._came += len(message.get("body", b""))
        if self._came > self._limit:
            raise InputTooLarge(f"The body is larger than {self._limit} bytes.")
        self._is_whole = not message.get("more_body", False)
        return message


def _limit(scope: Scope, max_file: int) -> int:
    kind = dict(scope["headers"]).get(b"content-type", b"").lower()
    return MAX_JSON if kind.startswith(b"application/json") else max_file + FORM_SLACK


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object that a request brings.

    Raises:
        InvalidRequest: it brings something else, or JSON that no two readers read alike: NaN, a key twice, half a
            surrogate pair, deeper than `MAX_DEPTH`.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidRequest("The body must be JSON, with Content-Type: application/json.")
    return parse_object(await request.body())


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object, read strictly.

    Raises:
        InvalidRequest: as `json_body`.
    """
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair, escaped, cannot be
    except UnicodeError:
        raise InvalidRequest("The body is not UTF-8, or holds half a surrogate pair.") from None
    except (json.JSONDecodeError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidRequest(f"The body is not JSON{place}.") from None
    except ValueError as error:  # an integer of more digits than Python reads
        raise InvalidRequest("The body holds a number that is too long.") from error
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return found


def _check_depth(text: str) -> None:
    depth, quoted, escaped = 0, False, False
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    for sign in text:
        if quoted:
            quoted, escaped = (sign != '"' or escaped), (sign == "\\" and not escaped)
        elif sign == '"':
            quoted = True
        elif sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidRequest(f"The body is nested deeper than {MAX_DEPTH}.")
        elif sign in "]}":
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"The body holds {name}, which is not JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequest("The body holds a key twice.")
    return found
