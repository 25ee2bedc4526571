"""The gateway as a process: where it listens, what it refuses, how it ends, and whom it does not wait for."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from starlette.types import Receive, Send
from starlette.types import Scope as Asked

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Scope, TextToImage
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings
from services.gateway.listening import Unservable, listen
from services.gateway.protocol import MAX_HEAD, Impatient
from services.gateway.server import serve, settings_of
from tests.processes import ROOT, address, until


class Process:
    """A gateway process, and the lines it logs."""

    def __init__(self, settings: Settings, *arguments: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.gateway", *arguments],
            cwd=ROOT,
            env={**os.environ, **address(settings), **environment},
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, message: str) -> dict[str, object]:
        """Wait for the line that it logs with `message`."""
        assert self._process.stderr is not None
        for text in self._process.stderr:
            line: dict[str, object] = json.loads(text)
            if line["message"] == message:
                return line
        raise AssertionError(f"it ended without {message!r}")

    def cores(self) -> int:
        """How many it may run on."""
        return len(os.sched_getaffinity(self._process.pid))

    def url(self) -> str:
        return f"http://127.0.0.1:{self.line('the gateway listens')['port']}"

    def ends(self) -> int:
        return self._process.wait(timeout=120)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


Begin = Callable[..., Process]


@pytest.fixture
def begin(settings: Settings) -> Iterator[Begin]:
    begun: list[Process] = []

    def start(*arguments: str, **environment: str) -> Process:
        begun.append(Process(settings, *arguments, **environment))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()


def refused(process: Process) -> str:
    """Why it cannot serve."""
    detail = str(process.line("the gateway cannot serve")["detail"])
    assert process.ends() == 78
    return detail


def test_it_serves_where_it_is_told_and_a_reader_of_events_does_not_hold_its_end(begin: Begin, client: Client) -> None:
    process = begin("--port", "0")
    url = process.url()
    assert httpx2.get(f"{url}/livez").status_code == 200
    job = client.submit(TextToImage(prompt="x"))
    with httpx2.stream("GET", f"{url}/v1/jobs/{job.id}/events", timeout=60) as events:
        assert next(events.iter_bytes())
        process.terminate()
        assert process.ends() in (0, -signal.SIGTERM)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process can be kept to a core")
def test_it_keeps_to_one_core_unless_told_otherwise(begin: Begin) -> None:
    for one_core, cores in ((True, 1), (False, len(os.sched_getaffinity(0)))):
        process = begin("--port", "0", LATENTRELAY_GATEWAY_ONE_CORE=str(one_core))
        process.url()
        assert process.cores() == cores


def test_a_port_that_is_taken_is_told_in_a_sentence(begin: Begin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert refused(begin(LATENTRELAY_GATEWAY_PORT=port)).startswith(f"port {port} of 127.0.0.1 is taken")


def test_an_address_of_another_machine_and_a_setting_that_is_none_are_told_in_a_sentence() -> None:
    with pytest.raises(Unservable, match=r"^cannot listen at port 8000 of 192\.0\.2\.1: "):
        listen("192.0.2.1", 8000)
    with pytest.raises(StackUnavailable, match=r"^LATENTRELAY_GATEWAY_PORT: "):
        settings_of(["--port", "70000"])


def test_others_can_reach_it_only_once_a_key_was_made_and_then_need_it(begin: Begin, settings: Settings) -> None:
    with listen("0.0.0.0", 0) as anywhere, pytest.raises(Unservable, match="make one with `latentrelay keys create"):
        serve(settings, anywhere)
    _, text = Keys.of(settings).create("shop", scopes=[Scope.READ])
    url = begin("--host", "0.0.0.0", "--port", "0").url()
    assert httpx2.get(f"{url}/v1/jobs").status_code == 401
    assert httpx2.get(f"{url}/v1/jobs", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_connections_notice_when_the_other_end_is_gone() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as taken,
    ):
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


class Hasty(Impatient):
    head_seconds = 1.0


@contextmanager
def greeting(protocol: type[Impatient]) -> Iterator[tuple[str, int]]:
    """The address of a server that speaks `protocol` and says nothing, well."""

    async def nothing(_scope: Asked, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(nothing, http=protocol, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until(lambda: server.started, "it serves")
    yield listening.getsockname()
    server.should_exit = True
    thread.join()


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("begun", [b"", b"G", HEAD])
def test_a_request_that_does_not_begin_or_whose_head_does_not_end_is_waited_for_no_longer(begun: bytes) -> None:
    with greeting(Hasty) as address, socket.create_connection(address, timeout=60) as connection:
        connection.sendall(begun)
        assert connection.recv(65536) == b""


def test_nor_is_the_second_request_of_a_connection() -> None:
    with greeting(Hasty) as address, socket.create_connection(address, timeout=60) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert b"204 No Content" in connection.recv(65536)
        connection.sendall(HEAD)
        assert connection.recv(65536) == b""


def test_a_head_without_end_is_cut_off() -> None:
    with greeting(Impatient) as address, socket.create_connection(address, timeout=60) as connection:
        connection.sendall(HEAD + b"X: ")
        with pytest.raises(ConnectionError):
            for _ in range(100):
                connection.sendall(b"x" * MAX_HEAD)
