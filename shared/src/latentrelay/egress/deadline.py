"""One deadline by wall clock for everything a connection does; per-read timeouts let a dripping server hold us."""

import io
import socket
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self


@dataclass(frozen=True)
class Deadline:
    """A moment after which nothing is waited for."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """So many seconds from now."""
        return cls(monotonic() + seconds)

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
        self._socket.settimeout(self._deadline.remaining())
        self._socket.sendall(data)

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
