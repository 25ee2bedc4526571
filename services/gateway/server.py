"""The process: settings, the socket, uvicorn."""

import argparse
import logging
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from latentrelay.errors import StackUnavailable
from latentrelay.logs import configure
from latentrelay.settings import Settings
from latentrelay.stack import from_environment
from services.gateway.app import create_app
from services.gateway.gateway import Gateway
from services.gateway.listening import Unservable, is_loopback, listen
from services.gateway.protocol import Impatient

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h
GRACE_SECONDS = 3  # for answers under way at the end; events that are followed have none
KEEP_ALIVE_SECONDS = 75  # longer than proxies in front of it keep theirs, so that it never closes first

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to end; 78 where the configuration does not allow it, and the last line says why."""
    configure("INFO")
    try:
        settings = settings_of(arguments)
        configure(settings.log_level)
        if settings.gateway_one_core:
            keep_to_one_core()
        serve(settings, listen(settings.gateway_host, settings.gateway_port))
    except (Unservable, StackUnavailable) as error:
        log.critical("the gateway cannot serve", extra={"detail": str(error)})
        sys.exit(EXIT_CONFIG)


def settings_of(arguments: Sequence[str] | None) -> Settings:
    """The settings of the environment, connected to a stack, with what the command line names.

    Raises:
        StackUnavailable: a variable cannot be read or used, no stack is configured, or none runs here.
    """
    parser = argparse.ArgumentParser(prog="python -m services.gateway", description=__doc__)
    parser.add_argument("--host", help="where to listen; LATENTRELAY_GATEWAY_HOST, else 127.0.0.1")
    parser.add_argument("--port", type=int, help="LATENTRELAY_GATEWAY_PORT, else 8000; 0 takes a free one")
    asked = parser.parse_args(arguments)
    named = {"gateway_host": asked.host, "gateway_port": asked.port}
    return from_environment(**{name: value for name, value in named.items() if value is not None})


def keep_to_one_core() -> None:
    """Run on one of the cores that this process may use, drawn at random: several beside it rarely share one.

    To be called before threads start. Every request passes Python's lock from thread to thread, and each time between
    cores waits for one to wake up (docs/adr/0020-gateway.md).
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may not allow it
            os.sched_setaffinity(0, {secrets.choice(sorted(os.sched_getaffinity(0)))})


def serve(settings: Settings, listening: socket.socket) -> None:
    """Serve at `listening` until SIGINT or SIGTERM.

    Raises:
        Unservable: others could reach it, and no API key was ever made.
    """
    gateway = Gateway.connect(settings, may_be_open=is_loopback(listening))
    if not gateway.may_be_open and nobody_has_a_key(gateway):
        raise Unservable(
            f"{settings.gateway_host} can be reached from elsewhere, and no API key was ever made: "
            "make one with `latentrelay keys create NAME` while it listens at 127.0.0.1, then start it again"
        )
    host, port = listening.getsockname()[:2]
    log.info("the gateway listens", extra={"host": host, "port": port, "open": gateway.may_be_open})
    config = uvicorn.Config(
        create_app(gateway),
        http=Impatient,
        access_log=False,  # it would log queries; ours is written where the route is known
        log_config=None,
        log_level="warning",
        proxy_headers=False,  # nothing here depends on who a proxy says it speaks for
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="none",
    )
    with suppress(KeyboardInterrupt):  # uvicorn has ended in order by then
        uvicorn.Server(config).run([listening])


def nobody_has_a_key(gateway: Gateway) -> bool:
    """Whether nobody could enter; False where Redis is away and cannot tell, for then nobody is let in either."""
    try:
        return not gateway.keys.any()
    except StackUnavailable:
        return False
