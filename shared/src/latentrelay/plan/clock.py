"""Simulated time: what is due happens in order, at once."""

import heapq
from collections.abc import Callable
from itertools import count

Act = Callable[[], None]


class Clock:
    """Events in the order of their times; those of one moment in the order in which they were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Act]] = []
        self._numbers = count()

    def at(self, moment: float, act: Act) -> None:
        """Let `act` happen at `moment`, in seconds."""
        heapq.heappush(self._due, (moment, next(self._numbers), act))

    def after(self, seconds: float, act: Act) -> None:
        """Let `act` happen in so many seconds."""
        self.at(self.now + seconds, act)

    def run(self) -> None:
        """Until nothing is due any more."""
        while self._due:
            self.now, _, act = heapq.heappop(self._due)
            act()
