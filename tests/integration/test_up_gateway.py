"""`up` with its HTTP gateway: started after the servers, ended before the workers, at one address all the while."""

import os
import signal
import socket

import httpx2
import pytest

from tests.integration.up_process import Starter, Up, is_gone

SERVED = {"GATEWAY": "yes", "LATENTRELAY_GATEWAY_PORT": "0"}
LAST_CALL = """
import os, signal, socket, sys
def last_call(*_):
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["LATENTRELAY_GATEWAY_PORT"])))
    except ConnectionRefusedError:
        sys.exit("the gateway takes nothing more")
signal.signal(signal.SIGTERM, last_call)
open(os.environ["READY"], "w").close()
signal.pause()
"""


def url(up: Up) -> str:
    """Where the gateway answers, as `up` tells it."""
    return up.tells("the gateway answers at ").split("answers at ")[1].split(",")[0]


def test_the_gateway_answers_before_workers_are_there_and_ends_before_they_do(connected: Starter) -> None:
    up = connected(worker=LAST_CALL, **SERVED)
    address = url(up)
    assert f"{address}/docs" in up.lines[-1]
    lacks = {"ready": False, "lacks": ["No worker of sdxl_base is ready."]}
    assert httpx2.get(f"{address}/readyz", timeout=30).json() == lacks
    up.worker_is_ready()
    gateway = up.pid("gateway")
    up.ctrl_c()
    assert up.ends() == 0
    assert is_gone(gateway)
    assert (up.folder / "workers" / "sdxl_base-1.log").read_text() == "the gateway takes nothing more\n"


def test_a_gateway_that_dies_comes_back_at_its_address(connected: Starter) -> None:
    up = connected(**SERVED)
    address = url(up)
    os.kill(up.pid("gateway"), signal.SIGKILL)
    up.tells("gateway ended with signal SIGKILL")
    up.tells("gateway runs")
    assert httpx2.get(f"{address}/livez", timeout=30).status_code == 200


def test_a_port_that_is_taken_is_told_before_anything_starts(connected: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = connected(**SERVED | {"LATENTRELAY_GATEWAY_PORT": str(port)})
        assert up.ends() == 1
    assert f"port {port} of 127.0.0.1 cannot be listened at: it is taken" in up.lines[-1]
    assert not [line for line in up.lines if "runs as process" in line]


@pytest.mark.usefixtures("store")
def test_others_are_not_let_in_without_a_key(connected: Starter) -> None:
    up = connected(**SERVED, LATENTRELAY_GATEWAY_HOST="0.0.0.0")
    assert up.ends() == 1
    assert "make one with `latentrelay keys create NAME`" in up.lines[-1]
