"""Fetch one URL under the guard, its body read under a cap and all of it under a deadline."""

import socket
import ssl
from http.client import HTTPException, HTTPResponse

from latentrelay.egress.connecting import Resolve, system_resolver
from latentrelay.egress.deadline import Deadline
from latentrelay.egress.exchange import exchange, pieces
from latentrelay.egress.guard import Guard
from latentrelay.egress.target import Allowed
from latentrelay.errors import InputTooLarge, InputUndecodable, LatentRelayError, UnsafeUrl

_HEADERS = {"Accept": "image/png, image/jpeg, image/webp", "User-Agent": "latentrelay"}


def fetch(
    url: str,
    *,
    max_bytes: int,
    timeout: float = 15.0,
    allowed_hosts: frozenset[str] = frozenset(),
    allowed_cidrs: frozenset[str] = frozenset(),
    resolve: Resolve = system_resolver,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """The body of `url`, at most `max_bytes` of it, within `timeout` seconds of wall clock in all.

    Args:
        url: an https URL (http at one of `allowed_hosts`).
        max_bytes: a longer body is refused; one whose headers say so is not even read.
        timeout: for the resolution, the connection, the handshake, headers and body together.
        allowed_hosts: hosts that need not be public, by exact name.
        allowed_cidrs: networks that need not be public.
        resolve: asked exactly once; never for a host that is an address already.
        trust: which certificates count; the system's where none is given.

    Raises:
        UnsafeUrl: it may not be fetched, redirects, or its certificate does not hold.
        InputTooLarge: the body is longer than `max_bytes`.
        InputUndecodable: nothing could be fetched.
    """
    guard = Guard(Allowed.of(allowed_hosts, allowed_cidrs), resolve, trust)
    target, deadline = guard.target(url), Deadline.after(timeout)
    try:
        with exchange("GET", target, guard=guard, deadline=deadline, headers=_HEADERS) as response:
            return _read(response, max_bytes)
    except (OSError, HTTPException) as error:
        raise _told(error, target.host, timeout) from error


def check(
    url: str,
    *,
    timeout: float = 5.0,
    allowed_hosts: frozenset[str] = frozenset(),
    allowed_cidrs: frozenset[str] = frozenset(),
    resolve: Resolve = system_resolver,
) -> None:
    """Whether `url` may be fetched, as far as its host's addresses tell; arguments as of `fetch`. Connects to nothing.

    Raises:
        UnsafeUrl: it may not.
        InputUndecodable: its host is not known, or the resolver does not answer in time.
    """
    check_url(url, Guard(Allowed.of(allowed_hosts, allowed_cidrs), resolve), timeout=timeout)


def check_url(url: str, guard: Guard, *, timeout: float = 5.0) -> None:
    """Whether `guard` lets anybody connect to `url`, as far as its host's addresses tell. Connects to nothing.

    Raises:
        UnsafeUrl: it does not.
        InputUndecodable: its host is not known, or the resolver does not answer in time.
    """
    target = guard.target(url)
    try:
        guard.addresses(target, Deadline.after(timeout))
    except OSError as error:
        raise _told(error, target.host, timeout) from error


def _read(response: HTTPResponse, max_bytes: int) -> bytes:
    _check_status(response.status)
    told = response.length
    body = b"" if told is not None and told > max_bytes else b"".join(pieces(response, max_bytes + 1))
    if max(len(body), told or 0) > max_bytes:
        raise InputTooLarge(f"what the URL holds is larger than {max_bytes} bytes")
    if told is not None and len(body) < told:
        raise InputUndecodable("the URL's answer ended early")
    return body


def _check_status(status: int) -> None:
    if 300 <= status < 400:  # noqa: PLR2004 -- the redirects of HTTP
        raise UnsafeUrl(f"the URL redirects ({status}), and redirects are not followed: give the final URL")
    if status != 200:  # noqa: PLR2004 -- OK
        raise InputUndecodable(f"the URL answered with status {status}")


def _told(error: OSError | HTTPException, host: str, timeout: float) -> LatentRelayError:
    """What outsiders may learn: never an address, never the URL, whose query may hold a signature."""
    match error:
        case TimeoutError():
            return InputUndecodable(f"{host} did not answer within {timeout:g} s")
        case ssl.SSLCertVerificationError():
            return UnsafeUrl(f"the certificate of {host} does not hold: {error.verify_message}")
        case socket.gaierror():
            return InputUndecodable(f"{host} is not known")
        case _:
            return InputUndecodable(f"{host} did not answer as a web server should")
