"""Whether Redis, or the store, hangs: then callers are refused at once, and none waits in a thread that others need."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from latentrelay.errors import RetryableError, StackUnavailable

SLOW_SECONDS = 2.0  # an answer of Redis takes milliseconds; its timeout, and a repetition, many times this
PAUSE_SECONDS = 1.0  # from one that hung in vain to the next who tries


class Stalls:
    """Knows how long those wait who ask a server now. One that refuses at once holds nobody, and is no stall.

    Args:
        away: what is raised where the server does not answer.
        slow_seconds: who has waited for longer waits in vain.
    """

    def __init__(self, away: type[RetryableError] = StackUnavailable, slow_seconds: float = SLOW_SECONDS) -> None:
        self._away = away
        self._slow_seconds = slow_seconds
        self._changing = threading.Lock()
        self._asking: dict[object, float] = {}
        self._stalled_at = -math.inf
        self._answered_at = -math.inf

    def check(self) -> None:
        """Refuse to ask a server that others wait for in vain.

        Raises:
            StackUnavailable, StorageUnavailable: it hangs.
        """
        now = time.monotonic()
        with self._changing:
            longest = now - max(next(iter(self._asking.values()), now), self._answered_at)
            if longest > self._slow_seconds or now - self._stalled_at < PAUSE_SECONDS:
                raise self._away

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Ask it inside.

        Raises:
            StackUnavailable, StorageUnavailable: it hangs; the inside is not entered.
        """
        self.check()
        with self.noted():
            yield

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Ask it inside, whether or not it hangs: what has begun goes on."""
        caller, began = object(), time.monotonic()
        with self._changing:
            self._asking[caller] = began
        try:
            yield
            self._answered_at = time.monotonic()  # it does not hang, though one of its answers may take long
        except self._away:
            if time.monotonic() - began > self._slow_seconds:
                self._stalled_at = time.monotonic()
            raise
        finally:
            with self._changing:
                del self._asking[caller]
