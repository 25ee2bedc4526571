"""The guard over real sockets and real TLS: a server on loopback, a certificate authority made by openssl."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread

import pytest

from latentrelay.egress import check, fetch
from latentrelay.errors import InputTooLarge, InputUndecodable, UnsafeUrl

LOOPBACK = frozenset({"127.0.0.0/8"})
HOST = "images.test"


@dataclass
class Server:
    """Answers every connection by `answer`; remembers what it was asked and under which name."""

    port: int
    heads: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)


def make_authority(folder: Path) -> Path:
    """The folder with ca.pem, and server.pem for images.test signed by it."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={HOST}")
    (folder / "names").write_text(f"subjectAltName=DNS:{HOST}\n")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.pem")
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def trust(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority / "ca.pem")


@contextmanager
def serving(answer: Callable[[socket.socket], None], authority: Path | None) -> Iterator[Server]:
    """A server of one thread, TLS where there is an `authority`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])
        context = _context(authority, server) if authority else None
        Thread(target=_serve, args=(listener, context, answer, server), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


def _context(authority: Path, server: Server) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    context.sni_callback = lambda _socket, name, _context: server.names.append(name)
    return context


def _serve(
    listener: socket.socket, context: ssl.SSLContext | None, answer: Callable[[socket.socket], None], server: Server
) -> None:
    with suppress(OSError):
        while True:
            plain, _ = listener.accept()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is said is sent before a close resets
            with suppress(OSError), context.wrap_socket(plain, server_side=True) if context else plain as connected:
                server.heads.append(_head(connected))
                answer(connected)


def _head(connected: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n") and (more := connected.recv(1)):  # not a byte of the body
        head += more
    return head.decode("latin-1")


def says(*parts: bytes) -> Callable[[socket.socket], None]:
    return lambda connected: [connected.sendall(part) for part in parts] and None


def page(body: bytes, *headers: str, status: str = "200 OK") -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return says("\r\n".join(lines).encode() + body)


def drips(start: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Says `start`, then `drop` again and again until nobody listens: never silent for long, never done."""
    pace = Event()

    def answer(connected: socket.socket) -> None:
        connected.sendall(start)
        while not pace.wait(0.02):
            connected.sendall(drop)

    return answer


def get(server: Server, trust: ssl.SSLContext | None, *, host: str = HOST, max_bytes: int = 1000, timeout: float = 20):
    return fetch(
        f"https://{host}:{server.port}/a.png?sig=secret",
        max_bytes=max_bytes,
        timeout=timeout,
        allowed_cidrs=LOOPBACK,
        resolve=lambda _host, _port: [ip_address("127.0.0.1")],
        trust=trust,
    )


def test_the_body_comes_over_tls_with_the_hosts_name_in_sni_and_host(authority, trust):
    with serving(page(b"pixels"), authority) as server:
        assert get(server, trust) == b"pixels"
    assert server.names == [HOST]
    assert server.heads[0].startswith("GET /a.png?sig=secret HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}:{server.port}\r\n" in server.heads[0]
    assert server.heads[0].lower().count("\r\nhost:") == 1


def test_a_chunked_body_and_one_that_ends_with_the_connection_come_whole(authority, trust):
    chunked = says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n")
    with serving(chunked, authority) as server:
        assert get(server, trust) == b"abcde"
    with serving(says(b"HTTP/1.1 200 OK\r\n\r\nabc", b"de"), authority) as server:
        assert get(server, trust) == b"abcde"


def test_a_certificate_of_another_name_is_refused_and_nothing_is_asked(authority, trust):
    with serving(page(b"pixels"), authority) as server, pytest.raises(UnsafeUrl, match=r"certificate of other\.test"):
        get(server, trust, host="other.test")
    assert server.heads == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority):
    with serving(page(b"pixels"), authority) as server, pytest.raises(UnsafeUrl, match="certificate"):
        get(server, None)


def test_a_redirect_is_not_followed(authority, trust):
    elsewhere = page(b"", "Location: https://169.254.169.254/", status="302 Found")
    with serving(elsewhere, authority) as server, pytest.raises(UnsafeUrl, match="redirect"):
        get(server, trust)
    assert len(server.heads) == 1


def test_a_body_that_says_it_is_too_large_is_not_read(authority, trust):
    endless = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", b"x")
    with serving(endless, authority) as server, pytest.raises(InputTooLarge, match="1000 bytes"):
        get(server, trust)


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"\r\n", 100 * b"x"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"64\r\n" + 100 * b"x" + b"\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", 100 * b"x"),
    ],
    ids=["until the end", "chunks", "a chunk of negative size"],
)
def test_a_body_that_does_not_say_its_size_is_cut_at_the_cap(authority, trust, start, drop):
    with serving(drips(b"HTTP/1.1 200 OK\r\n" + start, drop), authority) as server, pytest.raises(InputTooLarge):
        get(server, trust)


def test_a_body_of_exactly_the_cap_is_taken(authority, trust):
    with serving(page(1000 * b"x"), authority) as server:
        assert len(get(server, trust)) == 1000


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["status line", "header", "headers", "continues", "body", "chunks"],
)
def test_a_server_that_drips_is_left_at_the_deadline(authority, trust, start, drop):
    with serving(drips(start, drop), authority) as server, pytest.raises(InputUndecodable):
        get(server, trust, timeout=0.6)


def test_a_server_that_never_speaks_tls_is_left_at_the_deadline(trust):
    with (
        serving(drips(b"", b"\x16"), None) as server,
        pytest.raises(InputUndecodable, match=r"images\.test did not answer"),
    ):
        get(server, trust, timeout=0.6)


def test_a_listener_that_never_answers_is_left_at_the_deadline(trust):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(InputUndecodable, match=r"within 0\.3 s"):
        get(Server(listener.getsockname()[1]), trust, timeout=0.3)


def test_a_resolver_that_never_answers_is_left_at_the_deadline():
    never = Event()
    with pytest.raises(InputUndecodable, match=r"within 0\.2 s"):
        fetch("https://a.test/", max_bytes=1, timeout=0.2, resolve=lambda _host, _port: never.wait() and ())


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 500 Oops\r\n\r\n",
    ],
)
def test_an_answer_that_is_broken_or_no_success_is_told(authority, trust, broken):
    with serving(says(broken), authority) as server, pytest.raises(InputUndecodable):
        get(server, trust)


def test_the_address_that_was_checked_is_the_one_connected_to_though_the_name_moves(authority, trust):
    answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]])
    with serving(page(b"pixels"), authority) as server:
        body = fetch(
            f"https://{HOST}:{server.port}/",
            max_bytes=100,
            allowed_cidrs=LOOPBACK,
            resolve=lambda _host, _port: [ip_address(address) for address in next(answers)],
            trust=trust,
        )
    assert body == b"pixels"
    assert next(answers) == ["127.0.0.2"]


@pytest.mark.parametrize("url", ["https://localhost", "https://127.1", "https://0x7f.1", "https://2130706433"])
def test_no_spelling_of_loopback_is_reached_without_leave(authority, trust, url):
    with serving(page(b"secret"), authority) as server, pytest.raises((UnsafeUrl, InputUndecodable)):
        fetch(f"{url}:{server.port}/", max_bytes=100, trust=trust)
    assert server.names == []


def test_a_url_is_checked_without_connecting_to_it():
    with serving(page(b"secret"), None) as server:
        url = f"https://{HOST}:{server.port}/"
        check(url, allowed_cidrs=LOOPBACK, resolve=lambda _host, _port: [ip_address("127.0.0.1")])
        with pytest.raises(UnsafeUrl, match="not on the public internet"):
            check(url, resolve=lambda _host, _port: [ip_address("127.0.0.1")])
        assert server.heads == []


def test_a_check_tells_an_unknown_host_and_a_resolver_that_never_answers():
    def unknown(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    never = Event()
    with pytest.raises(InputUndecodable, match="is not known"):
        check("https://a.test/", resolve=unknown)
    with pytest.raises(InputUndecodable, match=r"within 0\.2 s"):
        check("https://a.test/", timeout=0.2, resolve=lambda _host, _port: never.wait() and ())


def test_one_private_answer_among_public_ones_refuses_all(trust):
    answers = [ip_address("93.184.215.14"), ip_address("10.0.0.1")]
    with pytest.raises(UnsafeUrl, match="not on the public internet") as told:
        fetch(f"https://{HOST}/", max_bytes=100, resolve=lambda _host, _port: answers, trust=trust)
    assert "10.0.0.1" not in str(told.value)


def test_an_allowed_host_may_be_reached_by_plain_http():
    with serving(page(b"pixels"), None) as server:
        url = f"http://localhost:{server.port}/a.png"
        assert fetch(url, max_bytes=100, allowed_hosts=frozenset({"localhost"})) == b"pixels"


def test_the_next_address_is_tried_where_the_first_does_not_answer():
    with serving(page(b"pixels"), None) as server:
        answers = [ip_address("127.0.0.9"), ip_address("127.0.0.1")]
        body = fetch(
            f"http://{HOST}:{server.port}/",
            max_bytes=100,
            allowed_hosts=frozenset({HOST}),
            resolve=lambda _host, _port: answers,
        )
    assert body == b"pixels"


def test_an_address_that_swallows_connections_does_not_take_the_time_of_the_next():
    with serving(page(b"pixels"), None) as server, socket.create_server(("127.0.0.2", server.port), backlog=0):
        waiting = [socket.socket() for _ in range(4)]  # more than the backlog holds: the next connect hears nothing
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(("127.0.0.2", server.port))
        body = fetch(
            f"http://{HOST}:{server.port}/",
            max_bytes=100,
            timeout=3,
            allowed_hosts=frozenset({HOST}),
            resolve=lambda _host, _port: [ip_address("127.0.0.2"), ip_address("127.0.0.1")],
        )
        for one in waiting:
            one.close()
    assert body == b"pixels"


def test_the_proxy_of_the_environment_is_not_asked(monkeypatch):
    with serving(page(b"from the proxy"), None) as proxy, serving(page(b"pixels"), None) as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        url = f"http://localhost:{server.port}/"
        assert fetch(url, max_bytes=100, allowed_hosts=frozenset({"localhost"})) == b"pixels"


def test_an_unknown_host_and_a_closed_port_are_told_without_the_url():
    def unknown(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(InputUndecodable, match=r"^a\.test is not known$"):
        fetch("https://a.test/?sig=secret", max_bytes=1, resolve=unknown)
    with pytest.raises(InputUndecodable, match="did not answer as a web server should") as told:
        fetch("http://localhost:9/?sig=secret", max_bytes=1, allowed_hosts=frozenset({"localhost"}))
    assert "secret" not in str(told.value)
