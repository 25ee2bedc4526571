"""SIGINT, SIGTERM and SIGHUP: the first interrupts, as Ctrl-C does; whoever then ends things asks whether to hurry."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptions:
    """Counts the signals. Only the first raises, so that none cuts short how things are ended."""

    def __init__(self) -> None:
        self._count = 0
        self._raises = True
        self._raised = 0

    def arrive(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Take a signal.

        Raises:
            KeyboardInterrupt: it is the first, and the end has not begun.
        """
        self._count += 1
        if self._raises:
            self._raises, self._raised = False, 1
            raise KeyboardInterrupt

    def to_hurry(self) -> Callable[[], bool]:
        """Begin the end: no signal raises any more; whether one came beside the one that began it."""
        self._raises = False
        return lambda: self._count > self._raised


@contextmanager
def interruptions() -> Iterator[Interruptions]:
    """Take the stopping signals inside; SIGHUP only where it was not ignored, as nohup does. For the main thread."""
    taken = Interruptions()
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    numbers = [number for number in STOPPING if number is not signal.SIGHUP or not nohup]
    before = {number: signal.signal(number, taken.arrive) for number in numbers}
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put the stopping signals off until what is inside is done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs signal handlers in the main thread alone
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)
