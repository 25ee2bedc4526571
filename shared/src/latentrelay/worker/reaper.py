"""Recovery, run by every worker in turns: lost attempts are queued again, lost hints are sent again."""

import logging

from latentrelay.contracts import StageName
from latentrelay.hints import Hints, top_up
from latentrelay.jobs import Backlog, Claims, LostAttempt, RedisClient, keys
from latentrelay.tracing import TraceContext, in_logs
from latentrelay.worker.meter import Meter
from latentrelay.worker.reconciler import Reconciler

log = logging.getLogger(__name__)

STRAYS_SECONDS = 3600
"""How often sets are looked through for jobs that do not live: it takes a look at every key."""


class Reaper:
    """Any number may run: one takes the turn, and its scripts are atomic anyway."""

    def __init__(
        self,
        redis: RedisClient,
        claims: Claims,
        hints: Hints,
        every_seconds: float,
        max_waiting_for_next: int,
        *,
        meter: Meter,
    ) -> None:
        self._redis = redis
        self._claims = claims
        self._backlog = Backlog(redis)
        self._reconciler = Reconciler(redis, claims)
        self._hints = hints
        self._every_ms = int(every_seconds * 1000)
        self._max_waiting_for_next = max_waiting_for_next
        self._meter = meter

    def take_turn(self, owner: str) -> None:
        """Reap and top up, unless somebody did a moment ago."""
        if not self._redis.set(keys.REAPER, owner, nx=True, px=self._every_ms):
            return
        for lost in self._claims.reap():
            self._tell(lost)
        for job_id in self._reconciler.turn():
            log.warning("put in its place", extra={"job_id": job_id})
        if self._redis.set(keys.STRAYS, owner, nx=True, ex=STRAYS_SECONDS):
            self._claims.sweep_strays()
        for stage in StageName:
            top_up(self._hints, self._backlog, stage, self._max_waiting_for_next)

    def _tell(self, lost: LostAttempt) -> None:
        """Its own worker will not."""
        told = {"job_id": lost.job_id, "stage": lost.stage, "attempt": lost.attempt}
        log.warning("attempt lost", extra=told | in_logs(TraceContext.read(lost.traceparent)))
        if lost.stage in set(StageName):
            self._meter.lost(StageName(lost.stage))
