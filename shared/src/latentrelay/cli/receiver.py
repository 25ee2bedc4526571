"""A small HTTP server that takes webhooks: it hands each on, and answers as it is told to."""

import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 64 * 1024
MOST_DISCARDED = 2**20  # of a body that is too large: who is hung up on while sending sees no answer
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Answer:
    """What a request is answered with, after so many seconds."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0


Take = Callable[[Mapping[str, str], bytes], Answer]
"""Takes the headers and the body of a POST. Called by several threads at once."""


class Receiver(ThreadingHTTPServer):
    """Listens at `host` and `port`, 0 being a free one, as soon as it is made.

    Raises:
        OSError: it cannot listen there.
    """

    request_queue_size = 128  # more than a sender has under way at once

    def __init__(self, host: str, port: int, take: Take) -> None:
        self.take = take
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of an error, unless it is a client's who hung up."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    timeout = PATIENCE_SECONDS  # for a client that says nothing

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if re.fullmatch(r"[0-9]{1,18}", length) is None:
            self._answer(Answer(411))
        elif int(length) > MOST_BYTES:
            self.rfile.read(min(int(length), MOST_DISCARDED))
            self._answer(Answer(413))
        elif len(body := self.rfile.read(int(length))) == int(length):  # else it hung up
            self._answer(self.server.take(dict(self.headers.items()), body))

    def send_error(self, code: int, *_: Any) -> None:
        """Refuse a request that cannot be read, or that is no POST: 501, the server calls that."""
        self._answer(Answer(405, {"Allow": "POST"}) if code == 501 else Answer(code))  # noqa: PLR2004 -- told above

    def _answer(self, answer: Answer) -> None:
        time.sleep(answer.after)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: whoever takes webhooks tells of them."""
