"""How a worker ends: it takes no new job, lets the running one end, and hands it back where that takes too long."""

import math
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from latentrelay.errors import HandedBack

LOOK_SECONDS = 0.5
_BEGUN, _EXIT_CODE, _HURRY_AT = range(3)


class Drain:
    """Whether this worker is to end, shared by it and its pool process across the fork.

    Args:
        seconds: how long the running job may go on from the beginning of the end.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._shared = memoryview(mmap.mmap(-1, 24)).cast("d")
        self._shared[_HURRY_AT] = math.inf
        self._asked = 0

    @property
    def begun(self) -> bool:
        """Whether no new job is to be taken."""
        return bool(self._shared[_BEGUN])

    @property
    def hurried(self) -> bool:
        """Whether the running job is to be handed back."""
        return time.monotonic() >= self._shared[_HURRY_AT]

    @property
    def exit_code(self) -> int:
        """What the worker is to end with."""
        return int(self._shared[_EXIT_CODE])

    def check(self) -> None:
        """Raise where the running job is to be handed back.

        Raises:
            HandedBack: it is.
        """
        if self.hurried:
            raise HandedBack

    def begin(self, exit_code: int = 0) -> None:
        """End after the running job; the first reason to end decides the exit code."""
        if not self.begun:
            self._shared[_EXIT_CODE] = exit_code
            self._shared[_HURRY_AT] = time.monotonic() + self._seconds
            self._shared[_BEGUN] = True

    def ask(self) -> None:
        """Somebody wants the worker to end; asked again, it hurries.

        Each process counts for itself: a signal to the process group reaches both, and is one wish all the same.
        """
        self._asked += 1
        self.begin()
        if self._asked > 1:
            self._shared[_HURRY_AT] = time.monotonic()


def heed_signals(drain: Drain, is_loading: Callable[[], bool]) -> None:
    """Let SIGTERM ask the pool process, too, instead of killing it with its job.

    To be called in its main thread before others start. Where SIGTERM comes from the worker itself, whose pool ends
    the process, and while a model loads for a worker that is to end, the process ends at once.
    """
    # blocked in every thread and awaited in one: Celery installs a handler of its own later
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_heed, args=(drain, is_loading), name="drain", daemon=True).start()


def _heed(drain: Drain, is_loading: Callable[[], bool]) -> None:
    while True:
        sender = _next_sigterm()
        if sender is not None and sender != os.getppid():
            drain.ask()
        if sender == os.getppid() or (drain.begun and is_loading()):
            os._exit(0)


def _next_sigterm() -> int | None:
    """The process that sent SIGTERM; 0 where the system does not say, None where it took too long."""
    if sys.platform == "darwin":
        signal.sigwait({signal.SIGTERM})
        return 0
    signaled = signal.sigtimedwait({signal.SIGTERM}, LOOK_SECONDS)
    # interrupted by SIGCONT, CPython returns what it finds in memory
    return signaled.si_pid if signaled is not None and signaled.si_signo == signal.SIGTERM else None
