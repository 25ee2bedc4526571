"""Keeps children running, tells what happens to them, and ends them in order."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from latentrelay.embedded.child import Child
from latentrelay.embedded.ends import Ended, Part, delay_after, judge, last_words
from latentrelay.errors import StackUnavailable

TICK_SECONDS = 0.05
HAND_BACK_SECONDS = 3.0
TOLD_LINES = 5  # of a dead child's log


class Service(Protocol):
    """A child that knows how it is started and stopped."""

    @property
    def child(self) -> Child:
        """Its process."""

    def start(self) -> None:
        """Start it; a server returns when it answers.

        Raises:
            StackUnavailable: it does not start.
            OSError: it cannot be started.
        """

    def stop(self) -> None:
        """End it in its own way."""


@dataclass
class Watched:
    """A service, and how its starts went."""

    part: Part
    service: Service
    started: float = 0.0
    failures: int = 0
    due: float | None = None
    over: bool = False

    @property
    def name(self) -> str:
        """As its child is called."""
        return self.service.child.name


class Supervisor:
    """Starts services, starts them again when they die, stops them.

    Call `tend` often, from the thread that called `start`: a child lives no longer than the thread that started it.

    Args:
        say: takes each line that tells what happens.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[Watched] = []

    def start(self, part: Part, service: Service) -> None:
        """Start `service` and watch it from now on.

        Raises:
            StackUnavailable: it does not start.
            OSError: it cannot be started.
        """
        one = Watched(part, service)
        self._watched.append(one)  # first, so that it is ended too if we are interrupted while it starts
        self._started(one)

    def tend(self) -> None:
        """Look at every service once: who has ended, and whose new start is due."""
        for one in self._watched:
            code = one.service.child.code
            if one.due is not None and time.monotonic() >= one.due:
                self._start_again(one)
            elif one.due is None and not one.over and code is not None:
                self._ended(one, code)

    @property
    def in_vain(self) -> bool:
        """Whether there were workers, and none of them is left or will be started again."""
        workers = [one for one in self._watched if one.part is Part.WORKER]
        return bool(workers) and all(one.over for one in workers)

    def stop(self, grace: float, hurried: Callable[[], bool]) -> None:
        """End the gateway, then the workers, then the servers.

        Args:
            grace: seconds after which workers that are still at work are killed.
            hurried: asked again and again whether to wait no longer for them.
        """
        for gateway in (one.service for one in self._watched if one.part is Part.GATEWAY):
            gateway.stop()
        workers = [one.service.child for one in self._watched if one.part is Part.WORKER]
        for worker in workers:
            worker.ask()
        deadline = time.monotonic() + grace
        while any(worker.alive for worker in workers) and time.monotonic() < deadline and not hurried():
            time.sleep(TICK_SECONDS)
        for worker in (worker for worker in workers if worker.alive):
            self._say(f"{worker.name} is still at work; ending it. A job it holds goes on at the next start")
            worker.ask()  # again: it hands its job back at the next step
        deadline = time.monotonic() + HAND_BACK_SECONDS
        for worker in workers:
            if not worker.wait(deadline - time.monotonic()):
                worker.kill()
        for one in reversed(self._watched):
            one.service.stop()

    def _started(self, one: Watched) -> None:
        one.service.start()
        one.started, one.due = time.monotonic(), None
        self._say(f"{one.name} runs as process {one.service.child.pid}; its log is {one.service.child.log}")

    def _ended(self, one: Watched, code: int) -> None:
        lived = time.monotonic() - one.started
        others = any(other.part is Part.WORKER and not other.over for other in self._watched if other is not one)
        verdict = judge(Ended(one.name, one.part, code, lived, one.failures, others))
        one.failures, one.over = verdict.failures, verdict.restart_in is None
        one.due = None if verdict.restart_in is None else time.monotonic() + verdict.restart_in
        self._say(verdict.sentence)
        for line in last_words(one.service.child.last_lines(2 * TOLD_LINES), TOLD_LINES):
            self._say(f"    {line}")

    def _start_again(self, one: Watched) -> None:
        try:
            self._started(one)
        except (StackUnavailable, OSError) as error:
            one.failures += 1
            one.due = time.monotonic() + delay_after(one.failures)
            self._say(f"{one.name} does not start ({error}); trying again in {delay_after(one.failures):g} s")
