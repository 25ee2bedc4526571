"""A Redis that speaks TLS: records and Celery's messages alike, and only with a server that can be trusted."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from latentrelay import JobStatus, Refine, RefineMode, StageName, TextToImage
from latentrelay.celery_app import make_app
from latentrelay.client import Client
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from tests.processes import START_SECONDS, Start, free_port
from tests.receivers import certificate


@pytest.fixture
def settings(settings: Settings, valkey: Valkey, tmp_path: Path) -> Iterator[Settings]:
    """The same stack, its Redis behind TLS."""
    port = free_port()
    with fronted(certificate(tmp_path, "localhost"), port, valkey.port):
        url = f"rediss://:{valkey.password}@localhost:{port}/0?ssl_ca_certs={tmp_path / 'cert.pem'}"
        yield settings.model_copy(update={"redis_url": SecretStr(url)})


def test_a_job_goes_through_workers_that_reach_redis_over_tls(client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    start(StageName.SDXL_REFINER)
    asked = TextToImage(prompt="a lighthouse", refine=Refine(mode=RefineMode.ENSEMBLE))
    assert client.wait(client.submit(asked).id, timeout=START_SECONDS).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize(("scheme", "is_secret"), [("rediss", True), ("redis", False)])
def test_messages_go_as_secretly_as_records(settings: Settings, scheme: str, *, is_secret: bool) -> None:
    url = SecretStr(f"{scheme}://:password@localhost:6379/0")
    app = make_app(settings.model_copy(update={"redis_url": url}))
    assert bool(app.connection_for_write().ssl) is is_secret
    assert "localhost" in app.connection_for_write().as_uri()


@contextmanager
def fronted(tls: ssl.SSLContext, port: int, target: int) -> Iterator[None]:
    """TLS at `port`, in front of what listens at `target`."""
    with tls.wrap_socket(socket.create_server(("127.0.0.1", port)), server_side=True) as listening:
        threading.Thread(target=_serve, args=(listening, target), daemon=True).start()
        yield


def _serve(listening: ssl.SSLSocket, target: int) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except ssl.SSLError:
            continue  # somebody who does not trust it
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", target))
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
