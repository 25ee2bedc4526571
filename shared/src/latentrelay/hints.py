"""Messages that a stage has work. They may be lost or doubled: the job record is the truth, and the claim decides."""

import logging
from datetime import UTC, datetime

from celery import Celery
from kombu.exceptions import OperationalError

from latentrelay.contracts import Hint, StageName, task_name
from latentrelay.jobs import UNREACHABLE, Backlog, RedisClient
from latentrelay.tracing import TraceContext

MOST_HINTS = 1000  # sent at once; the reaper's next turn sends more
ENOUGH = 100  # hints; more than workers of a stage use up between two turns of the reaper

log = logging.getLogger(__name__)


class Hints:
    """Sends hints, and counts those that wait."""

    def __init__(self, app: Celery, redis: RedisClient) -> None:
        self._app = app
        self._redis = redis

    def send(self, stage: StageName, job_id: str, attempt: int, trace: TraceContext | None = None) -> None:
        """Tell the workers of `stage` that a job waits. Where that fails, the reaper tells them."""
        traceparent = None if trace is None else trace.traceparent
        hint = Hint(job_id=job_id, attempt=attempt, enqueued_at=datetime.now(UTC), traceparent=traceparent)
        try:
            self._app.send_task(task_name(stage), kwargs=hint.model_dump(mode="json"), queue=stage)
        except OperationalError as error:
            log.warning("hint not sent, the reaper will", extra={"job_id": job_id, "error": str(error)})

    def nudge(self, stage: StageName, job_id: str, trace: TraceContext | None = None) -> None:
        """Tell the workers of `stage` that another job waits, unless so many hints wait that all of them are told.

        A hint is no job: whoever takes one takes the job that goes first, and the reaper sends more before they are
        used up. Sending one costs a submission more than all else.
        """
        try:
            if self.waiting(stage) < ENOUGH:
                self.send(stage, job_id, attempt=1, trace=trace)
        except UNREACHABLE as error:
            log.warning("hint not sent, the reaper will", extra={"job_id": job_id, "error": str(error)})

    def waiting(self, stage: StageName) -> int:
        """How many hints nobody has taken."""
        return int(self._redis.llen(stage))


def top_up(hints: Hints, backlog: Backlog, stage: StageName, max_waiting_for_next: int) -> None:
    """Send so many hints that one waits for each job that may be claimed."""
    missing = backlog.runnable(stage, max_waiting_for_next) - hints.waiting(stage)
    for job_id, attempt in backlog.first(stage, min(missing, MOST_HINTS)):
        hints.send(stage, job_id, attempt)
