"""HTTP/1.1 as uvicorn speaks it, with an end to the patience for a request's head: uvicorn itself waits for ever."""

import asyncio
import json
import logging
import uuid
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from latentrelay.contracts import Problem
from latentrelay.errors import InvalidRequest
from services.gateway.problems import MEDIA_TYPE, document
from services.gateway.request_log import REQUEST_ID

log = logging.getLogger(__name__)

HEAD_SECONDS = 15.0  # for the first line and the headers of a request
MAX_HEAD = 64 * 1024  # bytes of them


class Impatient(HttpToolsProtocol):
    """A connection that is closed where a request does not begin in time, or its head does not end."""

    head_seconds = HEAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: asyncio.TimerHandle | None = None
        self._came = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Await the head of the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece, unless the head has become too long."""
        super().data_received(data)
        if self._patience is None:
            return
        self._came += len(data)
        if self._came > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def send_400_response(self, msg: str) -> None:
        """Tell, as a problem like every other, that this is no HTTP."""
        request_id = uuid.uuid4().hex
        log.info("no request", extra={"detail": msg, "request_id": request_id})
        body = json.dumps(document(Problem.of(InvalidRequest(msg)), HTTPStatus.BAD_REQUEST)).encode()
        head = (
            f"HTTP/1.1 400 Bad Request\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
            f"{REQUEST_ID}: {request_id}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Await the head of the next request on this connection."""
        super().on_message_begin()
        if self._patience is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Be patient again: the body has limits of its own."""
        self._stop_waiting()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._came = 0
        self._patience = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
