"""What a request may bring: how much, how fast, and JSON that is what it says. One place for all routes."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentrelay.contracts import MAX_DATA_URI, Contract
from latentrelay.contracts.explain import explain
from latentrelay.errors import InputTooLarge, InvalidRequest
from latentrelay.settings import Settings
from services.gateway.problems import TooSlow

Read = TypeVar("Read")
Brought = TypeVar("Brought", bound=Contract)

MAX_JSON = MAX_DATA_URI * 4 // 3 + 256 * 1024  # bytes; a data URI of the largest image, and all else
MAX_SMALL_JSON = 256 * 1024  # bytes, where no data URI may be
TAKES_DATA_URIS = "/v1/jobs"
MAX_SIGNS = 50_000  # of those that begin values: each costs many times its byte in memory
FORM_SLACK = 256 * 1024  # bytes; fields and boundaries of a form around a file
QUICK = 16 * 1024  # bytes of JSON at most that are read on the event loop
LONG = 64 * 1024  # bytes of JSON at most that take no place while they are held
LINGER_SECONDS = 2.0  # so long a body is still read that is refused: cut off while it sends, a client hears nothing


class BodyLimits:
    """ASGI middleware: a body too large or too slow is an error where it is read, and never held whole for that.

    An answer that comes before the body was whole ends the connection.

    Args:
        app: what the requests go to.
        settings: how large a file may be, and how slow a body.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._settings)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and body.is_owed:
                MutableHeaders(scope=message)["Connection"] = "close"
            elif body.is_owed and not message.get("more_body", False):
                await send({**message, "more_body": True})  # all of it is told, and the connection still open
                await body.drain()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, body.receive, answer)


class _Body:
    """The body of one request."""

    def __init__(self, scope: Scope, receive: Receive, settings: Settings) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        self._told = int(length) if length.isdigit() else 0
        self.is_owed = self._told > 0 or b"transfer-encoding" in headers
        self._invited = b"expect" not in headers
        self._receive = receive
        self._limit = _limit(scope["path"], headers, settings.max_input_bytes)
        self._idle = settings.body_idle_seconds
        self._until = time.monotonic() + settings.body_seconds
        self._came = 0

    async def receive(self) -> Message:
        """What comes next.

        Raises:
            InputTooLarge: it is more than allowed, or says that it will be.
            TooSlow: nothing came for too long, or not all of it in time.
        """
        if not self.is_owed:  # what follows is the client leaving, whenever it does
            return await self._receive()
        self._check(self._told)
        self._invited = True
        try:
            message = await asyncio.wait_for(self._receive(), min(self._idle, self._until - time.monotonic()))
        except TimeoutError:
            raise TooSlow from None
        self._came += len(message.get("body", b""))
        self._check(self._came)
        self.is_owed = message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read the rest and drop it, for a moment; nothing where the client waits to be invited."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self.is_owed and self._invited:
                    self.is_owed = (await self._receive()).get("more_body", False)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise InputTooLarge(f"The body has more than the {self._limit} bytes that are allowed.")


def _limit(path: str, headers: dict[bytes, bytes], max_file: int) -> int:
    if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
        return max_file + FORM_SLACK
    return MAX_JSON if path == TAKES_DATA_URIS else MAX_SMALL_JSON


def may_be_long(headers: Mapping[str, str]) -> bool:
    """Whether a body of JSON is large, or does not tell."""
    length = headers.get("Content-Length", "")
    return int(length) > LONG if length.isdigit() else "Transfer-Encoding" in headers


async def json_body(request: Request, read: Callable[[dict[str, Any]], Read]) -> Read:
    """What `read` makes of the JSON object that a request brings.

    Raises:
        InvalidRequest: it brings something else, or JSON that no two readers read alike: NaN, a key twice, half a
            surrogate pair; or more values than any request has.
        InputTooLarge, TooSlow: it has too many bytes, or they come too slowly.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidRequest("The body must be JSON, with Content-Type: application/json.")
    data = b"".join([piece async for piece in request.stream()])  # not kept with the request, as body() is
    if len(data) <= QUICK:
        return read(parse_object(data))
    return await run_in_threadpool(lambda: read(parse_object(data)))


async def contract_body(request: Request, model: type[Brought]) -> Brought:
    """The `model` that a request brings as JSON.

    Raises:
        InvalidRequest: a field is wrong; and as `json_body`.
        InputTooLarge, TooSlow: as `json_body`.
    """
    return await json_body(request, partial(_validated, model))


def _validated(model: type[Brought], fields: dict[str, Any]) -> Brought:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise explain(error, model) from None


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object, read strictly.

    Raises:
        InvalidRequest: as `json_body`.
    """
    if sum(map(data.count, (b"[", b"{", b","))) > MAX_SIGNS:
        raise InvalidRequest("The body has too many values.")
    try:
        text = data.decode("utf-8")
        found = json.loads(text, parse_constant=_refuse_constant, parse_float=_number, object_pairs_hook=_once)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair, escaped, cannot be
    except UnicodeError:
        raise InvalidRequest("The body is not UTF-8, or holds half a surrogate pair.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deep.") from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"The body is not JSON at character {error.pos}.") from None
    except ValueError:  # an integer of more digits than Python reads
        raise InvalidRequest("The body holds a number that is too long.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return found


def _number(text: str) -> float:
    """JSON has one kind of number: 20.0 is the integer 20."""
    found = float(text)
    return int(found) if found.is_integer() else found


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"The body holds {name}, which is not JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequest("The body holds a key twice.")
    return found
