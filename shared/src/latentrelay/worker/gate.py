"""No message is taken before the model is loaded, and none by a worker that is to end."""

import logging
import mmap
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.worker import state

from latentrelay.errors import ModelUnavailable
from latentrelay.worker.drain import Drain

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
_SHUT, _OPEN, _WORN = range(3)


class Door:
    """One byte shared by the worker and its pool process, across the fork."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def open(self) -> None:
        """The model is loaded."""
        self._byte[0] = _OPEN

    def wear_out(self) -> None:
        """The process is to be replaced after its job."""
        self._byte[0] = _WORN

    def shut(self) -> None:
        """The process is being replaced."""
        self._byte[0] = _SHUT

    @property
    def is_open(self) -> bool:
        """Whether the model is loaded."""
        return self._byte[0] == _OPEN

    @property
    def is_worn(self) -> bool:
        """Whether the process is to be replaced."""
        return self._byte[0] == _WORN


def gate_step(door: Door, drain: Drain, check: Callable[[], None]) -> type[Any]:
    """A boot step of the worker: check the model before the pool forks, wait for it before the queue is read.

    From then on it does in the worker what its pool process cannot: end it, and replace that process.
    """

    class Gate(bootsteps.StartStopStep):  # type: ignore[misc]  # celery ships no types
        requires = ("celery.worker.components:Pool",)

        def __init__(self, parent: Any, **options: Any) -> None:
            super().__init__(parent, **options)
            try:
                check()
            except ModelUnavailable as error:
                log.critical("model unavailable", extra={"detail": error.detail})
                sys.exit(error.exit_code)

        def start(self, parent: Any) -> None:
            # Ctrl-C asks like SIGTERM; with Celery's own handler the second one would kill the job
            signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
            while not door.is_open:
                died = any(process.exitcode is not None for process in parent.pool._pool._pool)
                state.maybe_shutdown()
                if drain.begun:
                    sys.exit(drain.exit_code)
                if died:  # killed while it loaded: the pool replaces processes only once the worker runs
                    log.critical("the pool process died while its model was loading")
                    sys.exit(1)
                time.sleep(LOOK_SECONDS)
            parent.timer.call_repeatedly(LOOK_SECONDS, lambda: _look(parent.pool, door, drain))

        def close(self, parent: Any) -> None:  # noqa: ARG002  # Celery's signature
            drain.begin()  # whatever makes the worker end, its pool process learns it
            log.info("draining", extra={"exit_code": drain.exit_code})

    return Gate


def _look(pool: Any, door: Door, drain: Drain) -> None:
    if drain.begun:
        if state.should_stop is None:
            state.should_stop = drain.exit_code
    elif door.is_worn:
        door.shut()
        pool.restart()  # Celery's word for it: each process is replaced when its task has ended
