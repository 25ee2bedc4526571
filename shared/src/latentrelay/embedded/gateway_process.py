"""The HTTP gateway as a child process."""

import ipaddress
import os
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import urllib3

from latentrelay.embedded.child import Child
from latentrelay.embedded.ends import last_words
from latentrelay.embedded.kept import is_free, kept_ports, own_folder
from latentrelay.embedded.stage_worker import worker_environment
from latentrelay.errors import StackUnavailable
from latentrelay.settings import Links, Settings

START_SECONDS = 60.0
STOP_SECONDS = 5.0


class GatewayProcess:
    """The gateway, supervised.

    Args:
        settings: connected; with the address and a port (`with_port`).
        folder: of its log and its port; made when missing.
        root: the folder that holds services/.
    """

    def __init__(self, settings: Settings, folder: Path, root: Path) -> None:
        self.url = url_of(settings)
        command = [sys.executable, "-m", "services.gateway"]
        environment = worker_environment(settings, os.environ)
        self.child = Child("gateway", command, folder=own_folder(folder), cwd=root, environment=environment)

    def start(self) -> None:
        """Start it and return when it answers.

        Raises:
            StackUnavailable: it ended, or did not answer in time.
        """
        self.child.start()
        deadline = time.monotonic() + START_SECONDS
        with urllib3.PoolManager(timeout=5.0, retries=False) as http:
            while not self._answers(http):
                if not self.child.alive or time.monotonic() > deadline:
                    self.child.kill()
                    told = " / ".join(last_words(self.child.last_lines(), 3))
                    says_why = self.child.code == os.EX_CONFIG
                    raise StackUnavailable(told if says_why else f"the gateway does not start: {told}")
                time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end its answers, and kill it if that takes too long."""
        self.child.stop(grace=STOP_SECONDS)

    def _answers(self, http: urllib3.PoolManager) -> bool:
        try:
            return http.request("GET", f"{self.url}/livez").status == 200  # noqa: PLR2004 - OK
        except urllib3.exceptions.HTTPError:
            return False


def with_port(settings: Settings, folder: Path) -> Settings:
    """`settings` with a port of their address that is free: theirs, or for 0 the one that `folder` keeps.

    Raises:
        StackUnavailable: it is taken, or what the gateway needs is not installed.
    """
    if find_spec("fastapi") is None:
        raise StackUnavailable("fastapi is not installed: pip install 'latentrelay[gateway]', or use --no-gateway")
    if settings.gateway_port == 0:
        port = kept_ports(own_folder(folder) / "ports.json", ["http"])["http"]
        return settings.model_copy(update={"gateway_port": port})
    if not is_free(settings.gateway_port, settings.gateway_host):
        raise StackUnavailable(
            f"port {settings.gateway_port} of {settings.gateway_host} cannot be listened at: it is taken, or no "
            "address of this machine; choose another with --port, or go without the gateway with --no-gateway"
        )
    return settings


def linked_through(settings: Settings) -> Settings:
    """`settings`, with links through a gateway that others can reach: they cannot reach the embedded store."""
    if settings.connected or settings.s3_public_endpoint is not None or not is_open(settings):
        return settings
    return settings.model_copy(update={"links": Links.GATEWAY})


def is_open(settings: Settings) -> bool:
    """Whether others than this machine can reach the gateway."""
    host = settings.gateway_host
    found = socket.getaddrinfo(host, settings.gateway_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return not all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def told_of(settings: Settings) -> str:
    """Where the gateway answers, and to whom."""
    url = url_of(settings)
    told = f"the gateway answers at {url}, with the dashboard, the /playground, and how to use it at {url}/docs"
    if not is_open(settings):
        return told
    return f"{told}; it is open to the network, for whoever has an API key (plain HTTP, port {settings.gateway_port})"


def url_of(settings: Settings) -> str:
    """Where this machine reaches the gateway."""
    host = settings.gateway_host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{settings.gateway_port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")  # noqa: PLR2004 - IPv4
    return f"http://{address if address.version == 4 else f'[{address}]'}:{settings.gateway_port}"  # noqa: PLR2004 - as above
