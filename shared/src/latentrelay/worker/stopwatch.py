"""How long a stage spends in each of its phases."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from latentrelay.contracts import Phase


class Stopwatch:
    """Adds up seconds by phase. What is spent in a phase inside another counts for the inner one alone.

    Args:
        tell: takes each phase when it is over, and the seconds that it took itself.
        clock: seconds that only grow.
    """

    def __init__(self, tell: Callable[[Phase, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds: dict[Phase, float] = {}
        self.phase: Phase | None = None  # that is on
        self._tell = tell
        self._clock = clock
        self._inside = 0.0  # of the phase that is on: what phases in it took

    @contextmanager
    def on(self, phase: Phase) -> Iterator[None]:
        """Time what happens inside."""
        began, outside, self._inside = self._clock(), self._inside, 0.0
        around, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = around
            whole = self._clock() - began
            own, self._inside = whole - self._inside, outside + whole
            self.seconds[phase] = self.seconds.get(phase, 0.0) + own
            self._tell(phase, own)
