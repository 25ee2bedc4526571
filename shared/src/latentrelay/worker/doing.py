"""What a worker does at one moment, for those who list workers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from latentrelay.contracts import Phase


@dataclass(frozen=True)
class Doing:
    """The job that a worker has, and where it is with it; the fields are those of `WorkerInfo`."""

    job_id: str
    busy_since: datetime
    step: int | None = None
    """Of `steps`, over all images of the job; None before the first one."""
    steps: int | None = None
    phase: Phase | None = None


class Stopwatch:
    """Seconds that something has run, in all; read by any thread."""

    def __init__(self) -> None:
        self._at: tuple[float, float | None] = (0.0, None)  # seconds before, and since when it runs: changed at once

    @property
    def seconds(self) -> float:
        """Until now."""
        before, since = self._at
        return before if since is None else before + time.monotonic() - since

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run inside."""
        self._at = (self.seconds, time.monotonic())
        try:
            yield
        finally:
            self._at = (self.seconds, None)
