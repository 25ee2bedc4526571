"""Real receivers of webhooks, on real sockets: what came, and answers of every kind."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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


@contextmanager
def speaking(
    first: bytes,
    *,
    forever: bytes = b"",
    pause: float = 0.0,
    tls: ssl.SSLContext | None = None,
    came: list[bytes] | None = None,
) -> Iterator[str]:
    """A server of few words: the same to everybody, and then the same again and again."""
    listening = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def talk(connected: socket.socket) -> None:
        try:
            with tls.wrap_socket(connected, server_side=True) if tls else connected as peer:
                received = peer.recv(65536)
                if came is not None:
                    came.append(received)
                peer.sendall(first)
                while forever and not is_over.wait(pause):
                    peer.sendall(forever)
        except OSError:
            return  # whoever asked has left

    def serve() -> None:
        while not is_over.is_set():
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connected,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        is_over.set()
        listening.close()


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's certificate for `name`, that nobody trusts."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *subject]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
