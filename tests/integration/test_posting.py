"""Guarded posts over real sockets and real TLS.

A `timeout` of an hour is more than a test may take: what must end sooner than it fails by the time limit of tests.
"""

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import pytest

from latentrelay.egress import Allowed, Guard, Posted, post
from latentrelay.errors import UnsafeUrl
from tests.integration.test_egress import HOST, LOOPBACK, Server, drips, make_authority, page, says, serving

BODY = b'{"id": "job"}\r\n\r\n\x00\xff'
HEADERS = {"Content-Type": "application/json", "User-Agent": "latentrelay", "X-Signature": "t=1,v1=ab"}
HUGE = 32 * 2**20 * b"x"  # more than the buffers between two sockets hold
HOUR = 3600.0

Answer = Callable[[socket.socket], None]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def guard(authority: Path) -> Guard:
    """Every name is loopback, which is allowed; the test's authority is trusted."""
    trust = ssl.create_default_context(cafile=authority / "ca.pem")
    return Guard(Allowed.of(frozenset(), LOOPBACK), lambda _host, _port: [ip_address("127.0.0.1")], trust)


def on_localhost() -> Guard:
    return Guard.of(frozenset({"localhost"}), frozenset())


def having_read(answer: Answer, bodies: list[bytes] | None = None) -> Answer:
    """Reads BODY, as a server should, and then answers."""

    def answer_it(connected: socket.socket) -> None:
        came = b""
        while len(came) < len(BODY) and (more := connected.recv(4096)):
            came += more
        if bodies is not None:
            bodies.append(came)
        answer(connected)

    return answer_it


def stalls(start: bytes) -> Answer:
    """Says `start`, and nothing more until the other side leaves."""

    def answer(connected: socket.socket) -> None:
        connected.sendall(start)
        connected.recv(1)

    return answer


def post_to(server: Server, guard: Guard, *, host: str = HOST, body: bytes = BODY, **limits: float) -> Posted:
    return post(f"https://{host}:{server.port}/hook?a=b", body, HEADERS, guard=guard, **limits)


def test_method_path_headers_and_body_arrive_byte_for_byte(authority, guard):
    bodies: list[bytes] = []
    with serving(having_read(page(b"thanks", status="202 Accepted"), bodies), authority) as server:
        assert post_to(server, guard) == Posted(202, b"thanks", None)
    lines = server.heads[0].split("\r\n")
    assert lines[0] == "POST /hook?a=b HTTP/1.1"
    assert {f"{name}: {value}" for name, value in HEADERS.items()} <= set(lines)
    assert {f"Content-Length: {len(BODY)}", "Connection: close"} <= set(lines)
    assert bodies == [BODY]


def test_the_hosts_name_is_in_sni_and_once_in_host(authority, guard):
    with serving(having_read(page(b"")), authority) as server:
        post_to(server, guard)
    assert server.names == [HOST]
    assert [line for line in server.heads[0].split("\r\n") if line.lower().startswith("host:")] == [
        f"Host: {HOST}:{server.port}"
    ]


def test_no_header_of_the_caller_replaces_the_host(authority, guard):
    with serving(having_read(page(b"")), authority) as server:
        post(f"https://{HOST}:{server.port}/", BODY, {"Host": "other.test"}, guard=guard)
    assert "other.test" not in server.heads[0]


def test_an_empty_body_has_a_length_too(authority, guard):
    with serving(page(b""), authority) as server:
        assert post_to(server, guard, body=b"").status == 200
    assert "\r\nContent-Length: 0\r\n" in server.heads[0]


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nX-Other: b", "a\rX-Other: b"])
def test_a_header_that_holds_a_line_end_is_an_error_and_nothing_is_connected_to(authority, guard, value):
    with serving(page(b""), authority) as server, pytest.raises(ValueError, match="header"):
        post(f"https://{HOST}:{server.port}/", BODY, {"X-Signature": value}, guard=guard)
    assert server.names == []


def test_retry_after_comes_as_it_is(authority, guard):
    busy = page(b"", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", status="503 Busy")
    with serving(having_read(busy), authority) as server:
        assert post_to(server, guard) == Posted(503, b"", "Fri, 31 Dec 1999 23:59:59 GMT")


def test_a_redirect_is_an_answer_and_is_not_followed(authority, guard):
    with serving(page(b"secret"), None) as elsewhere:
        moved = page(b"moved", f"Location: http://127.0.0.1:{elsewhere.port}/", status="307 Temporary Redirect")
        with serving(having_read(moved), authority) as server:
            assert post_to(server, guard) == Posted(307, b"moved", None)
        assert len(server.heads) == 1
        assert elsewhere.heads == []


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nabc",
    ],
    ids=["until the end", "a length", "between chunks", "inside a chunk"],
)
class TestWhatCameOfABodyIsKept:
    def test_where_it_stalls(self, authority, guard, start):
        with serving(having_read(stalls(start)), authority) as server:
            assert post_to(server, guard, timeout=HOUR) == Posted(200, b"abc", None)

    def test_where_the_connection_ends(self, authority, guard, start):
        with serving(having_read(says(start)), authority) as server:
            assert post_to(server, guard, timeout=HOUR) == Posted(200, b"abc", None)

    def test_where_it_drips(self, authority, guard, start):
        drop = b"1\r\nx\r\n" if b"3\r\nabc" in start else b"x"
        with serving(having_read(drips(start, drop)), authority) as server:
            posted = post_to(server, guard, timeout=HOUR, keep=10**8)
        assert posted.status == 200
        assert posted.body.rstrip(b"x") == b"abc"


@pytest.mark.parametrize("drop", [b"", b"x"], ids=["stalls", "drips"])
def test_a_chunk_size_that_does_not_end_is_left_soon(authority, guard, drop):
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;"
    with serving(having_read(drips(start, drop) if drop else stalls(start)), authority) as server:
        assert post_to(server, guard, timeout=HOUR) == Posted(200, b"", None)


@pytest.mark.parametrize("chunk", [b"fffff", b"-1", b"ten"], ids=["chunks", "a negative size", "no size"])
def test_a_chunked_answer_is_kept_up_to_1_kib_whatever_the_size_of_its_chunks(authority, guard, chunk):
    endless = drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + b"\r\n", 4096 * b"x")
    with serving(having_read(endless), authority) as server:
        posted = post_to(server, guard, timeout=HOUR)
    assert posted.status == 200
    assert len(posted.body) <= 1024


def test_an_answer_is_kept_up_to_1_kib_and_not_read_further(authority, guard):
    start = b"HTTP/1.1 200 OK\r\n\r\n" + 500 * b"a" + 524 * b"b" + 4096 * b"c"
    with serving(having_read(drips(start, b"c")), authority) as server:
        assert post_to(server, guard, timeout=HOUR) == Posted(200, 500 * b"a" + 524 * b"b", None)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_is_not_waited_for(authority, guard, status):
    with serving(having_read(stalls(f"HTTP/1.1 {status}\r\n\r\n".encode())), authority) as server:
        assert post_to(server, guard, timeout=HOUR) == Posted(int(status[:3]), b"", None)


def test_interim_answers_are_not_the_answer(authority, guard):
    hints = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + hints + b"HTTP/1.1 102 Processing\r\n\r\n" + hints
    with serving(having_read(says(interim, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), authority) as server:
        assert post_to(server, guard) == Posted(200, b"ok", None)


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    ],
    ids=["status line", "headers", "continues", "early hints"],
)
def test_an_answer_that_drips_is_left_at_the_deadline(authority, guard, start, drop):
    with serving(having_read(drips(start, drop)), authority) as server, pytest.raises(TimeoutError):
        post_to(server, guard, timeout=0.6)


def test_a_server_that_is_silent_is_left_at_the_deadline(authority, guard):
    with serving(having_read(stalls(b"")), authority) as server, pytest.raises(TimeoutError):
        post_to(server, guard, timeout=0.6)


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_a_server_that_takes_no_body_is_left_at_the_deadline(authority, guard, secure):
    left = Event()
    with serving(lambda _connected: left.wait() and None, authority if secure else None) as server:
        url = f"https://{HOST}" if secure else "http://localhost"
        with pytest.raises(TimeoutError):
            post(f"{url}:{server.port}/", HUGE, {}, guard=guard if secure else on_localhost(), timeout=1)
        left.set()


def test_a_listener_that_does_no_handshake_is_left_when_the_time_to_connect_is_over(guard):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TimeoutError):
        post_to(Server(listener.getsockname()[1]), guard, timeout=HOUR, connect_timeout=0.3)


def test_a_resolver_that_never_answers_is_left_when_the_time_to_connect_is_over():
    never = Event()
    guard = Guard(resolve=lambda _host, _port: never.wait() and ())
    with pytest.raises(TimeoutError):
        post("https://a.test/", BODY, {}, guard=guard, timeout=HOUR, connect_timeout=0.2)


def test_the_time_to_connect_does_not_bind_the_answer(authority, guard):
    seconds = 3  # the server's begin after the client's

    def answer(connected: socket.socket) -> None:
        Event().wait(seconds)
        page(b"late")(connected)

    with serving(having_read(answer), authority) as server:
        assert post_to(server, guard, timeout=HOUR, connect_timeout=seconds).body == b"late"


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_a_server_that_answers_and_leaves_before_it_has_the_body_is_heard(authority, guard, secure):
    refused = page(b"too large", status="413 Content Too Large")
    with serving(refused, authority if secure else None) as server:
        url = f"https://{HOST}" if secure else "http://localhost"
        posted = post(f"{url}:{server.port}/", HUGE, {}, guard=guard if secure else on_localhost())
    assert posted == Posted(413, b"too large", None)


@pytest.mark.parametrize("secure", [True, False], ids=["https", "http"])
def test_a_server_that_leaves_in_the_middle_of_the_body_without_an_answer_is_no_error_of_tls(authority, guard, secure):
    with serving(says(), authority if secure else None) as server:
        url = f"https://{HOST}" if secure else "http://localhost"
        with pytest.raises(ConnectionError):
            post(f"{url}:{server.port}/", HUGE, {}, guard=guard if secure else on_localhost(), timeout=HOUR)


def test_a_connection_that_ends_without_an_answer_is_an_error_of_the_connection(authority, guard):
    with serving(having_read(says()), authority) as server, pytest.raises(ConnectionError):
        post_to(server, guard)


def test_an_answer_that_is_not_http_is_told(authority, guard):
    with serving(having_read(says(b"SSH-2.0-OpenSSH_9.6\r\n")), authority) as server, pytest.raises(HTTPException):
        post_to(server, guard)


def test_a_port_where_nobody_listens_is_an_error_of_the_connection(guard):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        post_to(Server(port), guard)


def test_a_host_that_nobody_knows_is_told_as_such():
    def unknown(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(socket.gaierror):
        post("https://a.test/", BODY, {}, guard=Guard(resolve=unknown))


def test_a_certificate_of_another_name_is_refused_and_nothing_is_said(authority, guard):
    with serving(page(b""), authority) as server, pytest.raises(ssl.SSLCertVerificationError):
        post_to(server, guard, host="other.test")
    assert server.heads == []


def test_a_certificate_of_an_authority_that_the_system_does_not_know_is_refused(authority, guard):
    with serving(page(b""), authority) as server, pytest.raises(ssl.SSLCertVerificationError):
        post_to(server, Guard(guard.allowed, guard.resolve))
    assert server.heads == []


def test_a_peer_that_does_not_speak_tls_is_an_error_of_tls(guard):
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as connections:

        def serve() -> None:
            connected = connections.enter_context(listener.accept()[0])
            connected.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        Thread(target=serve, daemon=True).start()
        with pytest.raises(ssl.SSLError):
            post_to(Server(listener.getsockname()[1]), guard, timeout=HOUR, connect_timeout=HOUR)


def test_one_private_answer_among_public_ones_refuses_all():
    answers = [ip_address("93.184.215.14"), ip_address("10.0.0.1")]
    with pytest.raises(UnsafeUrl, match="not on the public internet"):
        post(f"https://{HOST}/", BODY, {}, guard=Guard(resolve=lambda _host, _port: answers))


def test_the_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to(authority, guard):
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]])
    moving = Guard(guard.allowed, lambda _host, _port: [ip_address(one) for one in next(answers)], guard.trust)
    with serving(having_read(page(b"ok")), authority) as server:
        assert post_to(server, moving).body == b"ok"
    assert next(answers) == ["127.0.0.2"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"])
def test_an_address_as_host_stands_for_itself_and_no_resolver_can_say_otherwise(host):
    lenient = Guard(resolve=lambda _host, _port: [ip_address("93.184.215.14")])
    with pytest.raises(UnsafeUrl, match="not on the public internet"):
        post(f"https://{host}/", BODY, {}, guard=lenient)


def test_an_address_that_is_allowed_as_host_is_reached():
    with serving(having_read(page(b"ok")), None) as server:
        guard = Guard.of(frozenset({"127.0.0.1"}), frozenset())
        assert post(f"http://127.0.0.1:{server.port}/", BODY, {}, guard=guard).body == b"ok"


def test_plain_http_reaches_an_allowed_host_and_no_other():
    with serving(having_read(page(b"ok")), None) as server:
        assert post(f"http://localhost:{server.port}/", BODY, {}, guard=on_localhost()).body == b"ok"
        with pytest.raises(UnsafeUrl, match="https"):
            post(f"http://127.0.0.1:{server.port}/", BODY, {}, guard=on_localhost())
        assert len(server.heads) == 1


def test_the_proxy_of_the_environment_is_not_asked(monkeypatch):
    with serving(page(b"from the proxy"), None) as proxy, serving(having_read(page(b"ok")), None) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(f"http://localhost:{server.port}/", BODY, {}, guard=on_localhost()).body == b"ok"
    assert proxy.heads == []


def test_threads_that_ask_at_once_share_one_context_of_the_systems_certificates():
    asked = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from latentrelay.egress.connecting import system_trust
together = Barrier(16)
with ThreadPoolExecutor(16) as threads:
    print(len(set(threads.map(lambda _: (together.wait(), system_trust())[1], range(16)))))
"""
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert told.stdout == "1\n"
