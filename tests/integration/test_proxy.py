"""The fault proxy of our tests, between real sockets: it fails as it is told, and no worse."""

import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.faults.proxy import Proxy

SILENCE = 0.3  # seconds; how long a test listens to nothing


class Hello(BaseHTTPRequestHandler):
    """Answers every request with its body, over connections that are kept."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Proxy(server.server_port) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()


def put(proxy: Proxy, body: bytes = b"hello") -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{proxy.port}/", body, method="PUT")
    with urllib.request.urlopen(request, timeout=SILENCE * 20) as answer:
        return bytes(answer.read())


def spoken(connection: socket.socket) -> bytes:
    """What one request over an open connection is answered with; nothing where it has ended."""
    answer = b""
    with suppress(ConnectionError):
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok")
        while not answer.endswith(b"ok") and (more := connection.recv(1000)):
            answer += more
    return answer


def opened(proxy: Proxy) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=SILENCE * 20)
    assert spoken(connection).startswith(b"HTTP/1.1 200")
    connection.settimeout(SILENCE)
    return connection


def test_what_is_sent_comes_through_whole_and_connections_are_counted(proxy: Proxy) -> None:
    body = bytes(range(256)) * 20_000
    assert (put(proxy, body), put(proxy)) == (body, b"hello")
    assert proxy.connections == 2


def test_who_is_refused_is_told_so_at_once_and_served_when_it_is_mended(proxy: Proxy) -> None:
    connection = opened(proxy)
    proxy.refuse()
    with connection:
        assert spoken(connection) == b""
    with pytest.raises((urllib.error.URLError, ConnectionError, http.client.RemoteDisconnected)):
        put(proxy)
    proxy.mend()
    assert put(proxy) == b"hello"


def test_open_and_new_connections_fall_silent_and_the_silent_ones_stay_so(proxy: Proxy) -> None:
    old = opened(proxy)
    proxy.hang()
    new = socket.create_connection(("127.0.0.1", proxy.port), timeout=SILENCE)
    for connection in (old, new):
        with pytest.raises(TimeoutError):
            spoken(connection)
    proxy.mend()
    with old, new, pytest.raises(TimeoutError):
        spoken(old)
    assert put(proxy) == b"hello"


def test_a_cut_ends_the_open_connections_and_no_others(proxy: Proxy) -> None:
    connection = opened(proxy)
    proxy.cut()
    with connection:
        assert spoken(connection) == b""
    assert put(proxy) == b"hello"


@pytest.mark.parametrize("status", [500, 503, 507])
def test_it_answers_with_an_error_that_s3_clients_read_and_the_server_hears_nothing(proxy: Proxy, status: int) -> None:
    proxy.answer(status)
    with pytest.raises(urllib.error.HTTPError) as answered:
        put(proxy, b"x" * 1_000_000)
    assert answered.value.code == status
    assert b"<Code>" in answered.value.read()
    proxy.mend()
    assert put(proxy) == b"hello"
