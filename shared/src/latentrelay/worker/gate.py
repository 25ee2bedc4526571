"""No message is taken before the model is loaded, and none at all where it cannot be."""

import logging
import mmap
import sys
import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.worker import state

from latentrelay.errors import ModelUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
_SHUT, _OPEN, _BARRED = 0, 1, 2


class Door:
    """One byte shared by the worker and its pool process, across the fork."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def open(self) -> None:
        """The model is loaded."""
        self._byte[0] = _OPEN

    def bar(self) -> None:
        """The model cannot be loaded."""
        self._byte[0] = _BARRED

    @property
    def is_open(self) -> bool:
        """Whether the model is loaded."""
        return self._byte[0] == _OPEN

    @property
    def is_barred(self) -> bool:
        """Whether the model cannot be loaded."""
        return self._byte[0] == _BARRED


def gate_step(door: Door, check: Callable[[], None]) -> type[Any]:
    """A boot step of the worker: check the model before the pool forks, wait for it before the queue is read."""

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
            while not door.is_open:
                died = any(process.exitcode is not None for process in parent.pool._pool._pool)
                _leave_if(barred=door.is_barred)
                if died:  # killed while it loaded: the pool replaces processes only once the worker runs
                    log.critical("the pool process died while its model was loading")
                    sys.exit(1)
                state.maybe_shutdown()
                time.sleep(LOOK_SECONDS)
            # a later process, replacing a dead one, may find its model gone
            parent.timer.call_repeatedly(1.0, lambda: _leave_if(barred=door.is_barred))

    return Gate


def _leave_if(*, barred: bool) -> None:
    if barred:
        state.should_stop = ModelUnavailable.exit_code
        state.maybe_shutdown()
