"""Ask the resolver once, and connect to an address that was checked, all before a deadline."""

import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from latentrelay.egress.addresses import Address
from latentrelay.egress.deadline import Deadline
from latentrelay.egress.target import Target

Resolve = Callable[[str, int], Sequence[Address]]
"""Host and port to the addresses they stand for. Raises OSError where there are none."""


def system_resolver(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver answers, in its order."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))


def resolve_before(deadline: Deadline, resolve: Resolve, target: Target) -> Sequence[Address]:
    """What `resolve` answers, asked in a thread of its own: a resolver knows no timeout.

    A host that is an address stands for itself, and nobody is asked.
    """
    with suppress(ValueError):
        return (ip_address(target.host),)
    answers: SimpleQueue[Sequence[Address] | OSError] = SimpleQueue()
    Thread(target=lambda: answers.put(_answer(resolve, target)), daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining())
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _answer(resolve: Resolve, target: Target) -> Sequence[Address] | OSError:
    try:
        return resolve(target.host, target.port)
    except OSError as error:
        return error
    except UnicodeError:  # a label that is empty or too long
        return socket.gaierror("no such host")


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers; each has its share of the time that is left.

    Raises:
        OSError: none answers.
    """
    failure = OSError("no address")
    for tried, address in enumerate(addresses):
        seconds = deadline.remaining() / (len(addresses) - tried)
        try:
            return _connect(address, port, seconds)
        except OSError as error:
            failure = error
    raise failure


def _connect(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 -- the IP version
    candidate = socket.socket(family, socket.SOCK_STREAM)
    try:
        candidate.settimeout(seconds)
        candidate.connect((str(address), port))
        # http.client sends head and body apart: Nagle would hold the body until the head is acknowledged
        candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        candidate.close()
        raise
    return candidate


def secure(connected: socket.socket, target: Target, deadline: Deadline, trust: ssl.SSLContext | None) -> socket.socket:
    """Speak TLS with the host that `target` names, its name checked; as it is for http.

    Raises:
        ssl.SSLError: the certificate does not hold, or the peer does not speak TLS.
    """
    if target.scheme == "http":
        return connected
    connected.settimeout(deadline.remaining())  # holds for the whole handshake, not for each of its reads
    return (trust or system_trust()).wrap_socket(connected, server_hostname=target.host)


_making = Lock()


def system_trust() -> ssl.SSLContext:
    """The system's certificates; one context per process, because reading them takes milliseconds."""
    with _making:  # `cache` alone lets threads that ask at once make one each
        return _default_context()


_default_context = cache(ssl.create_default_context)
