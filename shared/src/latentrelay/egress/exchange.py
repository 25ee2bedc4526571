"""One request and its answer over a guarded connection: no redirects, no proxies, one deadline."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse

from latentrelay.egress.deadline import Deadline, TimedSocket
from latentrelay.egress.guard import Guard
from latentrelay.egress.target import Target

_PIECE = 65536  # bytes; what is read at once


@contextmanager
def exchange(
    method: str,
    target: Target,
    *,
    guard: Guard,
    deadline: Deadline,
    connect_deadline: Deadline | None = None,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Iterator[HTTPResponse]:
    """The answer of `target`, its status and headers read, its body still to come; the connection ends with it.

    Args:
        method: of the request.
        target: as `guard` parsed it.
        guard: decides whether `target` may be connected to.
        deadline: for all of it, what is read of the body too.
        connect_deadline: for the resolution, the connection and the handshake, where it is earlier.
        headers: besides Host, Content-Length, Accept-Encoding and Connection, which are written here.
        body: of the request; None for a request without one.

    Raises:
        ValueError: a header holds what no header may; nothing was connected to.
        UnsafeUrl: the guard refuses.
        OSError: TimeoutError, socket.gaierror, ssl.SSLError, or the connection failed.
        HTTPException: the answer is not HTTP.
    """
    request = _request(method, target, headers, body)
    with guard.connection(target, min(deadline, connect_deadline or deadline)) as connected:
        request.sock = TimedSocket(connected, deadline)  # all that http.client calls is there
        yield _answer(request, body)


def pieces(response: HTTPResponse, limit: int) -> Iterator[bytes]:
    """The body as it comes, piece by piece, at most `limit` bytes of it; so what came before an error is not lost."""
    left = limit
    # cut, because http.client reads past what it is asked for where a chunk's size is negative
    while left > 0 and (piece := response.read1(min(left, _PIECE))[:left]):
        left -= len(piece)
        yield piece


class _FinalResponse(HTTPResponse):
    """An answer after all interim ones: http.client skips 100, but 102 and 103 are no answers either."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:  # noqa: PLR2004 -- the 1xx
            self.headers = None  # type: ignore[assignment]  # http.client's mark of an answer not begun
            super().begin()


def _request(method: str, target: Target, headers: Mapping[str, str], body: bytes | None) -> HTTPConnection:
    request = HTTPConnection(target.host, target.port)
    request.response_class = _FinalResponse
    request.putrequest(method, target.path, skip_host=True)
    length = {} if body is None else {"Content-Length": str(len(body))}
    ours = {"Host": target.authority, "Connection": "close"} | length
    for name, value in {**ours, **headers, **ours}.items():  # Host first, as RFC 9110 asks, and none of ours replaced
        request.putheader(name, value)
    return request


def _answer(request: HTTPConnection, body: bytes | None) -> HTTPResponse:
    try:
        request.endheaders(body)
    except OSError as unsent:
        return _early_answer(request, unsent)
    return request.getresponse()


def _early_answer(request: HTTPConnection, unsent: OSError) -> HTTPResponse:
    """What a server said that closed before it had the whole request, a 413 say."""
    with suppress(OSError, HTTPException):
        return request.getresponse()
    raise unsent
