"""Whether a worker is fit to go on: one that is not must not eat the queue."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from latentrelay.errors import DeviceBroken, LatentRelayError, OutOfMemory, StorageRefuses
from latentrelay.jobs import UNREACHABLE, Workers
from latentrelay.stage import Stage

log = logging.getLogger(__name__)


class Sign(Enum):
    """What the end of an attempt says about the worker that made it."""

    WELL = auto()
    ILL = auto()
    NONE = auto()


def sign_of(error: Exception | None) -> Sign:
    """What `error` says: a job's own fault, and a job that is no longer wanted, say nothing."""
    match error:
        case None:
            return Sign.WELL
        case OutOfMemory() | StorageRefuses():
            return Sign.ILL
        case LatentRelayError():
            return Sign.NONE
    return Sign.ILL


@dataclass(frozen=True)
class Row:
    """Jobs that failed here in a row, through no fault of their own.

    `successes` are those that all workers of the stage had had when the row began.
    """

    jobs: frozenset[str] = frozenset()
    successes: int = 0

    def after(self, job_id: str, sign: Sign, successes: int) -> "Row":
        """The row when the attempt on a job has ended with `sign`, the stage having had `successes` by now."""
        if sign is Sign.NONE:
            return self
        if sign is Sign.WELL:
            return Row()
        return Row(self.jobs | {job_id}, self.successes if self.jobs else successes)

    def is_too_long(self, limit: int, successes: int) -> bool:
        """Whether `limit` jobs failed here while others succeeded: alone, a worker goes on."""
        return len(self.jobs) >= limit and successes > self.successes


class Health:
    """Judges this worker after each attempt.

    Args:
        stage: which it runs.
        workers: all of them, who count their successes.
        limit: so many distinct jobs failed in a row, while others succeeded, are too many.
        leave: takes the reason why the worker must not go on.
    """

    def __init__(self, stage: Stage, workers: Workers, limit: int, leave: Callable[[str], None]) -> None:
        self._stage = stage
        self._workers = workers
        self._limit = limit
        self._leave = leave
        self._row = Row()

    def examined(self, error: Exception | None) -> Exception | None:
        """`error`, or where it is a foreign one and the device turns out to be broken, that."""
        if error is None or isinstance(error, LatentRelayError):
            return error
        try:
            self._stage.probe()
        except DeviceBroken as broken:
            return broken
        except Exception as broken:  # noqa: BLE001  # whatever a device raises that computed before
            return DeviceBroken(f"The device does not compute: {type(broken).__name__}.")
        return error

    def after(self, job_id: str, error: Exception | None) -> None:
        """Take note of how an examined attempt ended, and leave where that shows this worker to be unfit."""
        if isinstance(error, DeviceBroken):
            self._leave(error.detail)
            return
        try:
            self._note(job_id, sign_of(error))
        except UNREACHABLE as unreachable:  # then nobody knows how the others fare
            log.warning("health not noted", extra={"error": str(unreachable)})

    def _note(self, job_id: str, sign: Sign) -> None:
        if sign is Sign.NONE:
            return
        told = self._workers.count_success if sign is Sign.WELL else self._workers.successes
        successes = told(self._stage.name)
        self._row = self._row.after(job_id, sign, successes)
        if self._row.is_too_long(self._limit, successes):
            self._leave(f"{len(self._row.jobs)} jobs failed here in a row while other workers succeeded.")
