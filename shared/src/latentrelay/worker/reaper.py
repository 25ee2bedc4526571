"""Recovery, run by every worker in turns: lost attempts are queued again, lost hints are sent again."""

import logging

from latentrelay.contracts import StageName
from latentrelay.hints import Hints, top_up
from latentrelay.jobs import Backlog, Claims, RedisClient, keys
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
        lost = self._claims.reap()
        for job_id in lost:
            log.warning("attempt lost", extra={"job_id": job_id})
        for stage in self._backlog.stages(lost):
            self._meter.lost(stage)
        for job_id in self._reconciler.turn():
            log.warning("put in its place", extra={"job_id": job_id})
        if self._redis.set(keys.STRAYS, owner, nx=True, ex=STRAYS_SECONDS):
            self._claims.sweep_strays()
        for stage in StageName:
            top_up(self._hints, self._backlog, stage, self._max_waiting_for_next)
