"""A real gateway in this process: uvicorn in a thread, on a port of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from latentrelay.settings import Settings
from services.gateway.app import create_app
from services.gateway.gateway import Gateway
from tests.processes import until


@contextmanager
def served(settings: Settings, *, may_be_open: bool = True) -> Iterator[str]:
    """The URL of a gateway of the stack that `settings` name, for as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    gateway = Gateway.connect(settings, may_be_open=may_be_open)
    config = uvicorn.Config(create_app(gateway), log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until(lambda: server.started, "the gateway serves")
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
