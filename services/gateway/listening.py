"""The socket that the gateway listens at."""

import errno
import ipaddress
import socket

BACKLOG = 2048
IDLE_SECONDS = 30  # of a connection, before the kernel asks whether the other end is still there
ASK_SECONDS = 10
ASKED_TIMES = 3
UNTAKEN_MS = 60_000  # what was sent and not taken for so long ends the connection: the reader is gone, or holds us


class Unservable(Exception):
    """The gateway cannot serve as it is configured; started again, it would end the same."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections that it accepts notice when the other end is gone. Port 0 takes a free one.

    Raises:
        Unservable: the port is taken, or this is no address of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Unservable(_why(error, host, port)) from error
    _notice_the_gone(listening)
    return listening


def is_loopback(listening: socket.socket) -> bool:
    """Whether this machine alone can reach it."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another with --port or LATENTRELAY_GATEWAY_PORT"
    return f"cannot listen at port {port} of {host}: {error.strerror}"


def _notice_the_gone(listening: socket.socket) -> None:
    """Connections inherit these options."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wanted = {
        "TCP_KEEPIDLE": IDLE_SECONDS,
        "TCP_KEEPINTVL": ASK_SECONDS,
        "TCP_KEEPCNT": ASKED_TIMES,
        "TCP_USER_TIMEOUT": UNTAKEN_MS,
    }
    for name, value in wanted.items():
        if (option := getattr(socket, name, None)) is not None:  # macOS has not all of them
            listening.setsockopt(socket.IPPROTO_TCP, option, value)
