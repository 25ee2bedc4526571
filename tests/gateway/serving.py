"""A real gateway in this process: uvicorn in a thread, on a port of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from latentrelay.settings import Settings
from services.gateway.app import create_app
from services.gateway.gateway import Gateway
from services.gateway.protocol import Impatient
from services.gateway.server import KEEP_ALIVE_SECONDS
from tests.processes import until


@contextmanager
def served(settings: Settings, *, may_be_open: bool = True) -> Iterator[str]:
    """The URL of a gateway of the stack that `settings` name, for as long as the block lasts."""
    with serving(create_app(Gateway.connect(settings, may_be_open=may_be_open))) as url:
        yield url


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The URL at which uvicorn serves `app`, for as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=Impatient, log_level="warning", timeout_graceful_shutdown=1, timeout_keep_alive=KEEP_ALIVE_SECONDS
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until(lambda: server.started, "the gateway serves")
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
