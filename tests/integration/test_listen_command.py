"""`latentrelay listen`: a real process that is sent real webhooks."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from latentrelay.webhooks.signing import draw_private_key, draw_secret, headers, public_key

SECRET = draw_secret()
EVENT = {"type": "job.succeeded", "data": {"job_id": "j1", "status": "succeeded", "sequence": 7}}
BODY = json.dumps(EVENT).encode()


class Listener:
    """A running `listen`, and the lines that it prints."""

    def __init__(self, *words: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "latentrelay", "listen", "--port", "0", *words],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stream = self.process.stderr if "--json" in words else self.process.stdout
        assert stream is not None
        self.introduction = [stream.readline() for _ in range(1 if self.has_secret(words, environment) else 4)]
        self.url = self.introduction[0].split()[2]

    @staticmethod
    def has_secret(words: tuple[str, ...], environment: dict[str, str]) -> bool:
        return "--secret" in words or bool(environment)

    def post(self, message_id: str = "msg_1", *, key: str = SECRET, body: bytes = BODY) -> httpx2.Response:
        """A webhook that is signed by `key`, and the answer."""
        signed = headers([key], message_id, int(time.time()), body)
        return httpx2.post(self.url, content=body, headers=signed, timeout=60)

    def line(self) -> str:
        """What it prints next, without the time."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().partition("  ")[2].rstrip("\n")

    def json(self) -> dict[str, object]:
        """What it prints next."""
        assert self.process.stdout is not None
        told: dict[str, object] = json.loads(self.process.stdout.readline())
        return told

    def connect(self) -> socket.socket:
        """A connection to it."""
        parts = urlsplit(self.url)
        return socket.create_connection((parts.hostname, parts.port), timeout=60)

    def ctrl_c(self) -> tuple[int, str, str]:
        """How it ends, and what else it writes."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    started: list[Listener] = []

    def start(*words: str, **environment: str) -> Listener:
        started.append(Listener(*words, **environment))
        return started[-1]

    yield start
    for listener in started:
        listener.process.kill()
        listener.process.communicate()


def test_it_says_where_it_listens_and_what_to_do_next(listen: Listen) -> None:
    listener = listen()
    assert listener.introduction == [
        f"listening at {listener.url} until Ctrl-C\n",
        f"register it: latentrelay webhooks create {listener.url}\n",
        "the stack must allow it: LATENTRELAY_WEBHOOK_ALLOWED_HOSTS='[\"127.0.0.1\"]' latentrelay up\n",
        "nothing is verified: --secret takes the secret that `webhooks create` prints\n",
    ]
    assert listener.url.startswith("http://127.0.0.1:")


def test_a_webhook_that_is_signed_is_verified_and_told_in_a_line(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    assert listener.post().status_code == 204
    assert listener.line() == "msg_1  new  job.succeeded  j1  succeeded  sequence 7  verified  -> 204"


def test_one_that_is_not_is_refused_with_401_and_the_reason_is_told(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    assert listener.post(key=draw_secret()).status_code == 401
    assert listener.line().endswith("  NOT VERIFIED: no signature fits  -> 401")
    assert httpx2.post(listener.url, content=BODY, timeout=60).status_code == 401
    assert listener.line().startswith("-  new  job.succeeded")


def test_one_that_comes_again_is_told_as_seen_before_unless_the_first_was_forged(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    for key, told in ((draw_secret(), "new"), (SECRET, "new"), (SECRET, "seen before")):
        listener.post(key=key)
        assert listener.line().split("  ")[:2] == ["msg_1", told]
    listener.post("msg_2")
    assert listener.line().split("  ")[:2] == ["msg_2", "new"]


def test_without_a_secret_nothing_is_refused_and_nothing_is_called_verified(listen: Listen) -> None:
    listener = listen()
    assert listener.post().status_code == 204
    assert listener.line().endswith("  not verified (no secret)  -> 204")


def test_of_several_secrets_one_must_fit(listen: Listen) -> None:
    listener = listen("--secret", draw_secret(), "--secret", SECRET)
    assert listener.post().status_code == 204


def test_the_secret_may_come_from_the_environment(listen: Listen) -> None:
    listener = listen(LATENTRELAY_WEBHOOK_SECRET=SECRET)
    assert [listener.post(key=key).status_code for key in (SECRET, draw_secret())] == [204, 401]


def test_a_public_key_verifies_what_its_private_half_signed(listen: Listen) -> None:
    private = draw_private_key()
    listener = listen("--secret", public_key(private))
    assert [listener.post(key=key).status_code for key in (private, draw_private_key())] == [204, 401]


def test_webhooks_are_told_as_lines_of_json_and_nothing_else(listen: Listen) -> None:
    listener = listen("--secret", SECRET, "--json")
    listener.post()
    assert listener.json() == {"id": "msg_1", "verified": True, "duplicate": False, "event": EVENT}
    listener.post()
    assert listener.json()["duplicate"] is True
    listener.post("msg_2", key=draw_secret())
    assert listener.json()["verified"] is False
    assert listener.ctrl_c() == (0, "", "")


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b"[" * 60_000, b"9" * 60_000, b'"\\ud800"'])
def test_a_body_that_is_no_json_is_told_as_no_event(listen: Listen, body: bytes) -> None:
    listener = listen("--secret", SECRET, "--json")
    assert listener.post(body=body).status_code == 204
    assert listener.json() == {"id": "msg_1", "verified": True, "duplicate": False, "event": None}


def test_an_event_of_another_shape_is_told_as_far_as_it_goes(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    listener.post(body=b'{"type": ["a"], "data": "b"}')
    assert listener.line() == "msg_1  new  ['a']  -  -  sequence -  verified  -> 204"


def test_what_comes_cannot_play_with_the_terminal(listen: Listen) -> None:
    listener = listen()
    body = json.dumps({"type": "\x1b[2J\u009b1m", "data": {"job_id": "a\nb", "status": "x" * 1000}}).encode()
    httpx2.post(listener.url, content=body, headers=[(b"webhook-id", b"\xc2\x9b31m")], timeout=60)
    line = listener.line()
    assert line.startswith("\\xc2\\x9b31m  new  \\x1b[2J\\x9b1m  a\\nb  xxx")
    assert len(line) < 300


def test_the_first_attempts_of_each_webhook_fail_on_demand(listen: Listen) -> None:
    listener = listen("--secret", SECRET, "--fail-first", "2", "--retry-after", "60")
    answers = [listener.post(message_id) for message_id in ("msg_1", "msg_1", "msg_2", "msg_1")]
    assert [answer.status_code for answer in answers] == [500, 500, 500, 204]
    assert [answer.headers.get("retry-after") for answer in answers] == ["60", "60", "60", None]
    told = [listener.line().split("  ") for _ in answers]
    assert [(line[1], line[-1]) for line in told[1:3]] == [("seen before", "-> 500"), ("new", "-> 500")]


def test_every_webhook_is_answered_with_the_status_that_is_asked_for(listen: Listen) -> None:
    listener = listen("--secret", SECRET, "--answer", "410")
    assert [listener.post(key=key).status_code for key in (SECRET, draw_secret())] == [410, 401]


def test_an_answer_that_is_to_come_late_holds_up_neither_other_webhooks_nor_ctrl_c(listen: Listen) -> None:
    listener = listen("--after", "3600")
    with listener.connect() as first, listener.connect() as second:
        for connection in (first, second):
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            assert listener.line().endswith("-> 204")
        assert select.select([first, second], [], [], 0)[0] == []
        assert listener.ctrl_c() == (0, "", "")


def test_a_body_of_more_than_64_kib_is_refused(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    assert listener.post(body=b"x" * 65_536).status_code == 204
    assert listener.post(body=b"x" * 65_537).status_code == 413
    with listener.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.0 411 ")
    assert "-> 204" in listener.ctrl_c()[1]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "BREW"])
def test_other_methods_are_not_allowed(listen: Listen, method: str) -> None:
    answer = httpx2.request(method, listen().url, timeout=60)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_body_of_no_told_length_is_refused(listen: Listen) -> None:
    assert httpx2.post(listen().url, content=iter([b"x"]), timeout=60).status_code == 411


def test_who_hangs_up_or_says_nothing_or_nonsense_does_not_stop_it(listen: Listen) -> None:
    listener = listen("--secret", SECRET)
    with listener.connect(), listener.connect() as leaving:
        leaving.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf a bo")
        leaving.close()
        with listener.connect() as reset:
            reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            reset.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        with listener.connect() as babbling:
            babbling.sendall(b"\x16\x03\x01\0\r\n\r\n")
            babbling.recv(100)  # until it is hung up on
        assert listener.post().status_code == 204
    assert listener.line().startswith("msg_1  new")
    assert listener.ctrl_c() == (0, "", "")


def test_a_port_that_is_taken_is_told_and_ends_with_1(listen: Listen) -> None:
    port = urlsplit(listen().url).port
    ended = subprocess.run(
        [sys.executable, "-m", "latentrelay", "listen", "--port", str(port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"latentrelay: cannot listen at port {port} of 127.0.0.1: Address already in use\n"


@pytest.mark.parametrize("secret", ["whsec_x", "whpk_AAAA", "hunter2!"])
def test_what_is_no_secret_is_refused_with_2_and_not_repeated(secret: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "latentrelay", "listen", "--port", "0", "--secret", secret],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("latentrelay: --secret: a ")
    assert secret not in ended.stderr
