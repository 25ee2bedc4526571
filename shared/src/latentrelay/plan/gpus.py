"""The GPUs of one simulated stage: hints wake those that are free, and each takes the job that goes first."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from latentrelay.plan.journey import Journey
from latentrelay.plan.lanes import Lanes, Room
from latentrelay.plan.rules import ENOUGH_HINTS, MOST_HINTS

Take = Callable[["Gpu"], bool]
"""Claims for a GPU; whether there was a job."""


@dataclass(slots=True, eq=False)
class Gpu:
    """One worker, with its GPU."""

    number: int
    job: Journey | None = None
    is_there: bool = True
    busy_seconds: float = 0.0
    attempts: int = 0
    """That it began: the end of an earlier one is not that of this one."""


class Gpus:
    """Those of a stage, and the hints that wait for them. A hint is no job: it wakes one GPU, which claims.

    Args:
        count: how many there are.
        lanes: where jobs wait.
        take: claims for one of them.
    """

    def __init__(self, count: int, lanes: Lanes, take: Take) -> None:
        self.all = [Gpu(number) for number in range(count)]
        self.lanes = lanes
        self._take = take
        self._idle = deque(self.all)
        self._hints = 0

    def hint(self) -> None:
        """Tell the one that has been free for longest that a job waits."""
        if self._idle:
            gpu = self._idle.popleft()
            if not self._take(gpu):
                self._idle.append(gpu)
        else:
            self._hints += 1

    def nudge(self) -> None:
        """The same for a submission: not where so many hints wait that all are told."""
        if self._hints < ENOUGH_HINTS:
            self.hint()

    def top_up(self, room: Room) -> None:
        """The reaper sends what hints are missing."""
        missing = self.lanes.runnable(room) - self._hints if len(self.lanes) else 0
        for _ in range(min(missing, MOST_HINTS)):
            self.hint()

    def free(self, gpu: Gpu) -> None:
        """`gpu` uses up hints until one finds a job for it."""
        gpu.is_there = True
        while self._hints:
            self._hints -= 1
            if self._take(gpu):
                return
        self._idle.append(gpu)

    def lose(self, gpu: Gpu) -> Journey | None:
        """`gpu` is gone; the job that it had."""
        job, gpu.job, gpu.is_there = gpu.job, None, False
        if gpu in self._idle:
            self._idle.remove(gpu)
        return job
