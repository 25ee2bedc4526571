"""`health`: ask a process on this machine itself how it is. What Redis or the store do is not its fault."""

import ipaddress
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

import click

from latentrelay.cli.connection import read_settings
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.pulse import ailment
from latentrelay.settings import Settings

ANSWER_SECONDS = 5.0


@click.command()
@click.argument("process", type=click.Choice(["gateway", "webhooks", "worker"]))
def health(process: str) -> None:
    """Ask PROCESS, on this machine, whether it works: for a container's health check.

    The gateway is asked at /livez, the sender of webhooks for its metrics, a worker by its pulse
    (LATENTRELAY_WORKER_PULSE), none of them by way of Redis. Ends with 1 where it does not work, and says why.
    """
    if found := _LOOKS[process](read_settings()):
        raise Ended(f"{process}: {found}")
    click.echo(f"{process}: ok")


def _gateway(settings: Settings) -> str | None:
    return _silence(settings.gateway_host, settings.gateway_port, "/livez")


def _webhooks(settings: Settings) -> str | None:
    return _silence(settings.webhook_metrics_host, settings.webhook_metrics_port, "/metrics")


def _worker(settings: Settings) -> str | None:
    if settings.worker_pulse is None:
        raise Ended("LATENTRELAY_WORKER_PULSE is not set: the worker writes no pulse", USAGE)
    return ailment(settings.worker_pulse)


def _silence(host: str, port: int, path: str) -> str | None:
    """Why nothing good is answered at `path`; None where something is."""
    connection = HTTPConnection(_near(host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"port {port} does not answer ({type(error).__name__})"
    finally:
        connection.close()
    return None if status == 200 else f"port {port} answers {status}"  # noqa: PLR2004 -- HTTP's OK


def _near(host: str) -> str:
    """Where on this machine a process answers that listens at `host`."""
    try:
        listening = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not listening.is_unspecified:
        return host
    return "127.0.0.1" if listening.version == 4 else "::1"  # noqa: PLR2004 -- IPv4


_LOOKS: dict[str, Callable[[Settings], str | None]] = {"gateway": _gateway, "webhooks": _webhooks, "worker": _worker}
