"""`up` with its HTTP gateway: started after the servers, ended before the workers, at one address all the while."""

import os
import signal
import socket

import httpx2
import pytest
from openai import OpenAI

from latentrelay.access import Keys
from latentrelay.contracts import Scope
from latentrelay.settings import Settings
from latentrelay.stack import locate
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
ECHO = """
import os, sys
os.environ["ECHO_STAGE"] = stage = sys.argv[1]
celery = ["-m", "celery", "-A", "tests.echo.worker", "worker"]
os.execv(sys.executable, [sys.executable, *celery, "--hostname", f"{stage}-1@%h"])
"""


def url(up: Up) -> str:
    """Where the gateway answers, as `up` tells it."""
    return up.tells("the gateway answers at ").split("answers at ")[1].split(",")[0]


def test_the_gateway_answers_before_workers_are_there_and_ends_before_they_do(connected: Starter) -> None:
    up = connected(worker=LAST_CALL, **SERVED)
    address = url(up)
    assert f"{address}/docs" in up.lines[-1]
    lacks = {"ready": False, "lacks": ["No worker of sdxl_base is ready."], "notes": []}
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
    assert "the gateway cannot serve: 0.0.0.0 can be reached from elsewhere" in up.lines[-1]
    assert "make one with `latentrelay keys create NAME`" in up.lines[-1]
    assert "does not start" not in up.lines[-1]


def test_from_elsewhere_images_come_through_the_gateway_since_the_embedded_store_is_out_of_reach(
    alone: Starter,
) -> None:
    up = alone()
    up.tells("all started")
    stack = locate(Settings(redis_url=None, s3_endpoint=None, data_dir=up.folder))
    _, key = Keys.of(stack).create("shop", scopes=[Scope.SUBMIT, Scope.READ])
    up.ctrl_c()
    assert up.ends() == 0
    up = alone(worker=ECHO, **SERVED, LATENTRELAY_GATEWAY_HOST="0.0.0.0")
    address = url(up)
    assert "open to the network" in up.lines[-1]
    with OpenAI(base_url=f"{address}/v1", api_key=key) as ai:
        answer = ai.images.generate(prompt="x", model="sdxl-base")
    assert answer.data
    link = str(answer.data[0].url)
    assert link.startswith(f"{address}/v1/files/")
    assert httpx2.get(link).status_code == 200
    up.ctrl_c()
    assert up.ends() == 0
