"""A TCP proxy on loopback that fails when told to: it refuses, falls silent, cuts, or answers HTTP with an error."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Self

CHUNK = 65536
CODES = {500: "InternalError", 503: "SlowDown", 507: "InsufficientStorage"}
_RESET, _IN_ORDER = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)  # SO_LINGER


class Mode(Enum):
    """What becomes of a connection."""

    PASS = "pass"  # noqa: S105  # no password
    REFUSE = "refuse"
    HANG = "hang"
    ANSWER = "answer"


class _Connection:
    """One connection of a client."""

    def __init__(self, client: socket.socket) -> None:
        self.silent = False
        self._client = client
        self._server: socket.socket | None = None

    def forward(self, target: int) -> None:
        """Carry bytes both ways until either side ends, or swallow them from when it falls silent."""
        self._server = server = socket.create_connection(("127.0.0.1", target))
        back = _thread(partial(self._pump, server, self._client))
        self._pump(self._client, server)
        back.join()

    def swallow(self) -> None:
        """Read until the client ends, and answer nothing."""
        while self._client.recv(CHUNK):
            pass

    def answer(self, status: int) -> None:
        """Read one HTTP request and answer it."""
        with self._client.makefile("rb") as stream:
            method, length = stream.readline().split(b" ")[0], 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            stream.read(length)
        self._client.sendall(_error(status, with_body=method != b"HEAD"))
        self._client.shutdown(socket.SHUT_WR)
        self._client.recv(1)  # until the client has read it

    def close(self, *, reset: bool = False) -> None:
        """Close both sides, or reset them: what was sent and not read yet is lost."""
        for side in (self._client, self._server):
            if side is not None:
                with suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET if reset else _IN_ORDER)
                    side.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
                side.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if not self.silent:
                    sink.sendall(data)
            if not self.silent:
                sink.shutdown(socket.SHUT_WR)


class Proxy:
    """Forwards to a port of this machine. Whatever it is told holds until it is told otherwise.

    `connections` counts those that were tried, in whatever mode.
    """

    def __init__(self, target: int) -> None:
        self.connections = 0
        self._target = target
        self._mode, self._status = Mode.PASS, 500
        self._open: set[_Connection] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Begin to listen."""
        _thread(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, drop everybody."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut()

    def mend(self) -> None:
        """Forward new connections again. Those that fell silent stay so: what they swallowed is gone."""
        self._mode = Mode.PASS

    def refuse(self) -> None:
        """Reset every connection, old and new."""
        self._mode = Mode.REFUSE
        self.cut()

    def hang(self) -> None:
        """Fall silent: every connection, old and new, is open and swallows what it is sent."""
        self._mode = Mode.HANG
        for connection in self._opened():
            connection.silent = True

    def answer(self, status: int) -> None:
        """Answer every HTTP request with `status`, as an S3 server does."""
        self._mode, self._status = Mode.ANSWER, status
        self.cut()

    def cut(self) -> None:
        """Reset the connections that are open; new ones are welcome."""
        for connection in self._opened():
            connection.close(reset=True)

    def _opened(self) -> tuple[_Connection, ...]:
        with self._lock:
            return tuple(self._open)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            _thread(partial(self._serve, _Connection(client)))

    def _serve(self, connection: _Connection) -> None:
        with self._lock:
            self._open.add(connection)
            mode, status = self._mode, self._status
            connection.silent = mode is Mode.HANG
        with suppress(OSError):
            match mode:
                case Mode.PASS:
                    connection.forward(self._target)
                case Mode.HANG:
                    connection.swallow()
                case Mode.ANSWER:
                    connection.answer(status)
        connection.close(reset=mode is Mode.REFUSE)
        with self._lock:
            self._open.discard(connection)


def _error(status: int, *, with_body: bool) -> bytes:
    """An S3 error as a whole HTTP response."""
    code = CODES.get(status, "InternalError")
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>told to</Message></Error>'
    head = (
        f"HTTP/1.1 {status} {code}\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return (head + (body if with_body else "")).encode()


def _thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread
