"""A lease on a job while a stage runs: renewed by a thread, told of every step, first to learn that it is over."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from latentrelay.contracts import Artifact, ArtifactKind, Phase, Progress, StageTiming
from latentrelay.errors import Canceled, DeadlineExceeded, LeaseLost, PermanentError, RetryableError
from latentrelay.events import EventType
from latentrelay.jobs import Answer, Claim, Claims
from latentrelay.stage import Preview
from latentrelay.tracing import Span
from latentrelay.worker.doing import Doing
from latentrelay.worker.drain import Drain
from latentrelay.worker.meter import Meter
from latentrelay.worker.stopwatch import Stopwatch
from latentrelay.worker.telling import Telling

log = logging.getLogger(__name__)

_OVER: dict[Answer, type[PermanentError | RetryableError]] = {
    Answer.CANCELED: Canceled,
    Answer.LATE: DeadlineExceeded,
    Answer.LOST: LeaseLost,
}


@dataclass(frozen=True)
class Stall:
    """Work that shows no sign of life for `seconds` is ended by `end`: a device that hangs would keep it for ever."""

    seconds: float
    end: Callable[[], None]


class Lease:
    """The `Report` of one claim. Steps are told by the thread, so that a slow Redis never slows the device.

    `artifacts` are those that count, of this attempt and of others; `work` is that of this attempt (`cost.work`).

    Args:
        claims: where the claim is renewed.
        claim: what is held.
        drain: whether this worker must end.
        renew_seconds: how often the lease is renewed, and news of the job are learned.
        stall: when the work has stalled, and what is to be done then.
        meter: measures the work.
        span: of this attempt.
    """

    def __init__(
        self,
        claims: Claims,
        claim: Claim,
        drain: Drain,
        *,
        renew_seconds: float,
        stall: Stall,
        meter: Meter,
        span: Span,
    ) -> None:
        self.claim = claim
        self.artifacts = claim.job.artifacts
        self.work = 0.0
        self._claims = claims
        self._drain = drain
        self._renew_seconds = renew_seconds
        self._stall = stall
        self._span = span
        self._began = self._alive_at = time.monotonic()
        self._meter = meter
        self._stopwatch = Stopwatch(meter.spent)
        self._together = 1
        self._telling = Telling()
        self._untold: ArtifactKind | None = None
        self._answer = Answer.OK
        self._news = threading.Event()
        self._closed = threading.Event()
        self._write = threading.Lock()  # one renewal at a time: an older progress never follows a newer one
        # in this context, so that its lines name the job
        self._thread = threading.Thread(target=copy_context().run, args=(self._keep,), name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Start renewing."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop renewing."""
        self._closed.set()
        self._news.set()
        self._thread.join()

    def doing(self) -> Doing:
        """What is done, at this moment."""
        at = self._telling.newest
        return Doing(
            job_id=self.claim.job.id,
            busy_since=self.claim.timing.started_at,
            step=None if at is None else at.step,
            steps=None if at is None else at.steps,
            phase=self._stopwatch.phase,
        )

    def check(self) -> None:
        """Raise where the work is no longer wanted, or no longer here."""
        if self._answer in _OVER:
            raise _OVER[self._answer]
        self.check_here()

    def check_here(self) -> None:
        """Raise where the work is no longer here: this worker must end."""
        self._alive_at = time.monotonic()
        self._drain.check()

    def step(self, step: int, steps: int, preview: Preview | None = None) -> None:
        """Tell a denoising step, with a picture of what is drawn."""
        self._meter.stepped(self._together)
        self.check()
        self._telling.add(Progress(stage=self.claim.job.stage, step=step, steps=steps), preview)
        self._news.set()

    def drawing(self, images: int) -> None:
        """Tell that so many images are denoised together from now on."""
        self._together = images
        self._meter.drawing(images)

    def out_of_memory(self) -> None:
        """Tell that the device had too little memory for what was tried."""
        self._meter.out_of_memory()

    def tell_last(self) -> None:
        """Tell the last step before the stage is settled, and learn whether it is still wanted."""
        self._renew()
        self.check()

    def made(self, artifact: Artifact) -> None:
        """Tell a stored artifact, and wait until it is told; where Redis is away, it is told with the next renewal."""
        self._meter.made(artifact)
        others = (made for made in self.artifacts if made.place != artifact.place)
        with self._write:
            self.artifacts = (*others, artifact)
            self._untold = self._untold if self._untold is ArtifactKind.IMAGE else artifact.kind
        self._renew()
        self.check()

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Add the time spent inside to that of `phase`, but for that of phases in it."""
        with self._span.child(phase), self._stopwatch.on(phase):
            yield

    @property
    def timing(self) -> StageTiming:
        """What this attempt took so far, by Redis' clock at the claim and this process' own since."""
        elapsed = timedelta(seconds=time.monotonic() - self._began)
        finished_at = self.claim.timing.started_at + elapsed
        return self.claim.timing.model_copy(
            update={"phases": dict(self._stopwatch.seconds), "finished_at": finished_at}
        )

    def _keep(self) -> None:
        while not self._closed.is_set() and self._answer not in _OVER:
            self._news.wait(self._renew_seconds)
            self._news.clear()
            if time.monotonic() - self._alive_at > self._stall.seconds:
                self._stall.end()
            if not self._closed.is_set():
                self._renew()

    def _renew(self) -> None:
        with self._write:
            told = self._telling.take()
            artifacts = self.artifacts if self._untold else None
            event = EventType.IMAGE_READY if self._untold is ArtifactKind.IMAGE else None
            try:
                answer = self._claims.renew(
                    self.claim, progress=told.progress, artifacts=artifacts, event=event, preview=told.picture
                )
            except RedisError as error:  # the thread goes on: the next renewal may succeed in time
                self._telling.give_back(told)
                log.warning("lease not renewed", extra={"error": str(error)})
                return
            self._untold = None
            if answer is not Answer.OK:
                self._answer = answer
