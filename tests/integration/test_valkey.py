"""The embedded Valkey, as a real process."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from latentrelay.embedded.valkey import Valkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "with a space")
    server.start()
    yield server
    server.stop()


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_answers_to_its_password_only(server: Valkey) -> None:
    assert client(server).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host="127.0.0.1", port=server.port, retry=Retry(NoBackoff(), 0)).ping()


def test_it_persists_and_never_evicts(server: Valkey) -> None:
    configuration = client(server).config_get("*")
    assert configuration["appendonly"] == "yes"
    assert configuration["appendfsync"] == "everysec"
    assert configuration["maxmemory-policy"] == "noeviction"
    assert configuration["bind"] == "127.0.0.1"


def test_its_password_is_on_no_command_line(server: Valkey) -> None:
    shown = Path(f"/proc/{server.child.pid}/cmdline").read_bytes()
    assert server.password.encode() not in shown


def test_its_files_are_for_its_user_alone(server: Valkey) -> None:
    assert {path.stat().st_mode & 0o077 for path in [server.folder, *server.folder.rglob("*")]} == {0}


def test_a_password_of_any_characters_works(tmp_path: Path) -> None:
    server = Valkey(tmp_path, password='p"a s/s:\\@%ö#\n')
    server.start()
    assert client(server).ping()
    server.stop()


def test_what_was_written_is_there_after_a_kill_under_the_same_address(server: Valkey) -> None:
    url = server.url
    client(server).set("kept", "yes")
    server.child.kill()
    again = Valkey(server.folder)
    again.start()
    assert again.url == url
    assert client(again).get("kept") == "yes"
    again.stop()
    assert again.child.code == 0


def test_a_port_that_was_taken_meanwhile_is_replaced(server: Valkey, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "ports.json").write_text(f'{{"redis": {server.port}}}')
    other = Valkey(tmp_path / "other")
    other.start()
    assert other.port != server.port
    other.stop()


def test_a_leftover_of_a_killed_parent_is_ended_first(server: Valkey) -> None:
    client(server).set("kept", "yes")
    successor = Valkey(server.folder)
    successor.start()
    assert client(successor).get("kept") == "yes"
    assert server.child.wait(0)
    assert server.child.code == -signal.SIGKILL
    successor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends it")
def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    start = "import pathlib, sys; from latentrelay.embedded.valkey import Valkey;"
    start += (
        "server = Valkey(pathlib.Path(sys.argv[1])); server.start(); print(server.port, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", start, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        with socket.create_connection(("127.0.0.1", int(parent.stdout.readline())), timeout=30) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(100)  # accepted: one that still waits for that would be reset
            parent.kill()
            assert connection.recv(1) == b""  # the server's end closed the connection
