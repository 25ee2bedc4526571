"""One deadline by wall clock for everything a connection does; per-read timeouts let a dripping server hold us."""

import io
import socket
import ssl
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self


@dataclass(order=True)
class Deadline:
    """A moment after which nothing is waited for; where it is shortened, for all who share it."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """So many seconds from now."""
        return cls(monotonic() + seconds)

    def shorten(self, seconds: float) -> None:
        """So many seconds from now at the latest."""
        self.at = min(self.at, monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, always more than 0.

        Raises:
            TimeoutError: none are left.
        """
        left = self.at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class TimedSocket:
    """What `http.client` needs of a socket, every read and write bound by one deadline. It does not own the socket."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def sendall(self, data: bytes) -> None:
        """Send all of `data` before the deadline."""
        unsent = memoryview(data)
        while unsent:  # a TLS socket's own `sendall` may wait anew for each part
            self._socket.settimeout(self._deadline.remaining())
            unsent = unsent[self._send(unsent) :]

    def _send(self, data: memoryview) -> int:
        try:
            return self._socket.send(data)
        except ssl.SSLEOFError as error:  # what TLS calls a peer that has left; nothing is wrong with TLS itself
            raise BrokenPipeError("the peer has left") from error

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 -- the signature that http.client calls
        """A reader of what comes."""
        return io.BufferedReader(_TimedReader(self._socket, self._deadline))

    def close(self) -> None:
        """Nothing: http.client closes as soon as it has the headers, and the body is still to be read."""


class _TimedReader(io.RawIOBase):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._socket.settimeout(self._deadline.remaining())
        return self._socket.recv_into(buffer)
