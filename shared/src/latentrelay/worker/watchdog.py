"""Notices that Celery's consumer is stuck: hints wait, this process is idle, and it gets none.

Seen upstream (celery #8030, #8091, #10205) after lost connections: the worker looks alive and never consumes again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum

STUCK_SECONDS = 60.0
GRACE_SECONDS = 15.0
EXIT_CODE = 75
"""EX_TEMPFAIL of sysexits.h: started again, the worker does better."""


class Bark(IntEnum):
    """What is to be done about the worker, by its pool process."""

    NOTHING = 0
    END = 1
    KILL = 2
    """It was told to end, and does not: its event loop stands still."""


class Watchdog:
    """Watches over an idle process.

    Args:
        starves: whether there is work for it, and hints of that in its queue. Asked only while it is idle.
        seconds: how long it may starve.
        clock: seconds that only grow.
    """

    def __init__(
        self, starves: Callable[[], bool], seconds: float = STUCK_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._starves = starves
        self._seconds = seconds
        self._clock = clock
        self._idle = True
        self._since: float | None = None

    @contextmanager
    def fed(self) -> Iterator[None]:
        """Inside, a hint is worked on."""
        self._idle, self._since = False, None
        try:
            yield
        finally:
            self._idle = True

    def look(self) -> Bark:
        """Look at the process, every few seconds."""
        hungry = self._idle and self._starves()
        if not hungry or not self._idle:  # a hint may have come while we asked
            self._since = None
            return Bark.NOTHING
        now = self._clock()
        self._since = now if self._since is None else self._since
        return bark(now - self._since, self._seconds)


def bark(starved: float, seconds: float) -> Bark:
    """What is to be done when a process has starved for so long, and may for `seconds`."""
    if starved >= seconds + GRACE_SECONDS:
        return Bark.KILL
    return Bark.END if starved >= seconds else Bark.NOTHING
