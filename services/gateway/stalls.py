"""Whether Redis hangs: then callers are refused at once, and none of them waits in a thread that others need."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from latentrelay.errors import StackUnavailable

SLOW_SECONDS = 2.0  # an answer takes milliseconds; a timeout of Redis, and its repetition, many times this
PAUSE_SECONDS = 1.0  # from one that hung in vain to the next who tries


class Stalls:
    """Knows how long those wait who ask Redis now. A Redis that refuses at once holds nobody, and is no stall."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._asking: dict[object, float] = {}
        self._stalled_at = -math.inf

    def check(self) -> None:
        """Refuse to ask a Redis that others wait for in vain.

        Raises:
            StackUnavailable: it hangs.
        """
        now = time.monotonic()
        with self._changing:
            longest = now - next(iter(self._asking.values()), now)
            if longest > SLOW_SECONDS or now - self._stalled_at < PAUSE_SECONDS:
                raise StackUnavailable

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Ask it inside.

        Raises:
            StackUnavailable: it hangs; the inside is not entered.
        """
        self.check()
        caller, began = object(), time.monotonic()
        with self._changing:
            self._asking[caller] = began
        try:
            yield
        except StackUnavailable:
            if time.monotonic() - began > SLOW_SECONDS:
                self._stalled_at = time.monotonic()
            raise
        finally:
            with self._changing:
                del self._asking[caller]
