"""Real receivers of webhooks, on real sockets: what came, and answers of every kind."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Came:
    """One request, as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    """By the monotonic clock."""

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass(frozen=True)
class Say:
    """An answer."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Answer = Callable[[Came], Say | None]
"""What is answered; None hangs up without a word."""


def slowly(seconds: float) -> Answer:
    """Late, and well."""

    def answer(_: Came) -> Say:
        time.sleep(seconds)
        return Say()

    return answer


class Receiver:
    """What came to a server, and what it answers to what comes."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        self.answer: Answer = lambda _: Say()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.url = ""

    @property
    def ids(self) -> Counter[str]:
        return Counter(one.id for one in [*self.came])

    def about(self, job_id: str) -> list[Came]:
        """What came of one job."""
        return [one for one in [*self.came] if one.event["data"]["job_id"] == job_id]

    def types(self, job_id: str) -> list[str]:
        return [one.event["type"] for one in self.about(job_id)]

    def take(self, came: Came) -> Say | None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.came.append(came)
        try:
            return self.answer(came)
        finally:
            with self._lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Senders that are killed hang up; nothing to see."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver at a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = receiver.take(Came(self.path, headers, body, time.monotonic()))
            if said is None:
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_POST  # noqa: N815 -- the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
