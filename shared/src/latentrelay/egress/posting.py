"""Post to one URL under the guard, and keep the beginning of what it answers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from latentrelay.egress.deadline import Deadline
from latentrelay.egress.exchange import exchange, pieces
from latentrelay.egress.guard import Guard

_BODY_SECONDS = 1.0  # the status says it all; a body is only for whoever debugs


@dataclass(frozen=True)
class Posted:
    """What the server answered.

    Attributes:
        status: of the final answer; a redirect's too.
        body: its beginning, as far as it came.
        retry_after: the header as it came.
    """

    status: int
    body: bytes
    retry_after: str | None


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    guard: Guard,
    timeout: float = 15.0,
    connect_timeout: float = 5.0,
    keep: int = 1024,
) -> Posted:
    """Post `body` to `url`, within `timeout` seconds of wall clock in all. A redirect is an answer, and not followed.

    Args:
        url: an https URL (http at a host that `guard` allows).
        body: sent as it is.
        headers: besides Host, Content-Length, Accept-Encoding and Connection.
        guard: decides whether `url` may be connected to.
        timeout: for everything up to the answer's headers; its body has a second more at most, and may break off.
        connect_timeout: for the resolution, the connection and the handshake together.
        keep: bytes of the answer's body that are read.

    Raises:
        ValueError: a header holds what no header may.
        UnsafeUrl: the guard refuses.
        TimeoutError: there was no answer in time.
        ssl.SSLError: the certificate does not hold (ssl.SSLCertVerificationError), or the peer does not speak TLS.
        socket.gaierror: the host is not known.
        OSError: the connection failed, or ended without an answer.
        http.client.HTTPException: the answer is not HTTP.
    """
    deadline, connect_deadline = Deadline.after(timeout), Deadline.after(connect_timeout)
    with exchange(
        "POST",
        guard.target(url),
        guard=guard,
        deadline=deadline,
        connect_deadline=connect_deadline,
        headers=headers,
        body=body,
    ) as response:
        deadline.shorten(_BODY_SECONDS)
        return Posted(response.status, _beginning(response, keep), response.headers["Retry-After"])


def _beginning(response: HTTPResponse, keep: int) -> bytes:
    came = bytearray()
    with suppress(OSError, HTTPException):
        for piece in pieces(response, keep):
            came += piece
    return bytes(came)
