"""The stages in Redis: whether they take jobs, what waits, and what they did lately."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from latentrelay.contracts import QueueInfo, StageInfo, StageName, StageState
from latentrelay.jobs import clock, keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.record import Fields, moment
from latentrelay.jobs.scripts import Scripts
from latentrelay.outlook import Outlook, StageOutlook, rounded
from latentrelay.recent import Minute, minutes_until, recent_work, to_minute


@dataclass(frozen=True)
class Standing:
    """Whether a stage takes jobs, and since when."""

    state: StageState = StageState.OPEN
    since: datetime | None = None


@dataclass(frozen=True)
class _Queue:
    """What waits for one stage, and what its workers hold."""

    depth: int
    """With jobs that are to be tried again in a moment."""
    runnable: int
    """Those of them that could be claimed now."""
    oldest: Sequence[tuple[str, float]]
    in_flight: int


@dataclass(frozen=True)
class _Now:
    """The stages at one moment."""

    at: datetime
    stands: Mapping[StageName, Standing]
    queues: Sequence[_Queue]
    """Of those that are wanted."""


class Stages:
    """The stages in one Redis.

    Args:
        redis: the client.
        max_waiting_for_next: jobs that may wait for a next stage before the one before it stops.
        replicas: how many replicas must know that a stage is paused before that is answered.
    """

    def __init__(self, redis: RedisClient, max_waiting_for_next: int, replicas: int = 0) -> None:
        self._redis = redis
        self._max_waiting_for_next = max_waiting_for_next
        self._scripts = Scripts(redis, replicas)

    def stand(self, stage: StageName, state: StageState) -> StageState:
        """Let a stage be in `state` from now on; in which it was. It may be repeated."""
        return StageState(self._scripts.run("stand", stage, state, durable=True))

    def standings(self) -> Mapping[StageName, Standing]:
        """The state of every stage."""
        return standings(self._redis.hgetall(keys.STAGES))

    def list(self, outlook: Outlook, wanted: Sequence[StageName] = tuple(StageName)) -> tuple[StageInfo, ...]:
        """The stages that are `wanted`; what is known of them else is in `outlook`."""
        now = self._now(wanted)
        minutes = self._minutes(wanted, now.at)
        return tuple(
            _info(stage, now.stands[stage], queue, recent, outlook.of(stage), now.at)
            for stage, queue, recent in zip(wanted, now.queues, minutes, strict=True)
        )

    def queues(self, outlook: Outlook) -> tuple[QueueInfo, ...]:
        """The queues of all stages; what is known of them else is in `outlook`."""
        now = self._now(tuple(StageName))
        return tuple(
            _queue(stage, now.stands[stage], queue, outlook.of(stage))
            for stage, queue in zip(StageName, now.queues, strict=True)
        )

    def _now(self, wanted: Sequence[StageName]) -> _Now:
        def ask(pipe: RedisClient) -> None:
            pipe.time()
            pipe.hgetall(keys.STAGES)
            pipe.zrange(keys.LEASES, 0, -1)
            pipe.zrange(keys.DELAYED, 0, -1)
            for stage in wanted:
                pipe.zcard(keys.pending(stage))
                pipe.zrange(keys.pending(stage), 0, 0, withscores=True)

        answers = self._scripts.run_after(ask, "runnable", self._max_waiting_for_next, *wanted)
        time, told, leases, later, *waiting, runnable = answers
        held, delayed = by_stage(self._redis, leases), by_stage(self._redis, later)
        rows = zip(wanted, waiting[::2], runnable, waiting[1::2], strict=True)
        queues = [_Queue(depth + delayed[name], able, first, held[name]) for name, depth, able, first in rows]
        return _Now(clock.told(*time), standings(told), queues)

    def _minutes(self, wanted: Sequence[StageName], now: datetime) -> Sequence[Sequence[Minute]]:
        numbers = minutes_until(now)
        with self._redis.pipeline(transaction=False) as pipe:
            for stage in wanted:
                for number in numbers:
                    pipe.hgetall(keys.recent(stage, number))
            told = iter(pipe.execute())
        return [[to_minute(number, next(told)) for number in numbers] for _ in wanted]


def standings(told: Fields) -> Mapping[StageName, Standing]:
    """The state of every stage, as Redis holds it. Pure."""
    return {
        stage: Standing(StageState(told.get(stage, StageState.OPEN)), moment(told.get(f"{stage}:since")))
        for stage in StageName
    }


def by_stage(redis: RedisClient, job_ids: Sequence[str]) -> Counter[str]:
    """How many of these jobs are in each stage."""
    with redis.pipeline(transaction=False) as pipe:
        for job_id in job_ids:
            pipe.hget(keys.job(job_id), "stage")
        return Counter(pipe.execute())


def _info(  # noqa: PLR0917  # what was read, once
    stage: StageName,
    standing: Standing,
    queue: _Queue,
    minutes: Sequence[Minute],
    known: StageOutlook,
    now: datetime,
) -> StageInfo:
    return StageInfo(
        **_queue(stage, standing, queue, known).model_dump(),
        state=standing.state,
        state_since=standing.since,
        workers=known.workers,
        recent=recent_work(minutes, now),
    )


def _queue(stage: StageName, standing: Standing, queue: _Queue, known: StageOutlook) -> QueueInfo:
    is_paused = standing.state is StageState.PAUSED  # all of this is newer than the outlook
    known = replace(known, is_paused=is_paused, depth=queue.depth, in_flight=queue.in_flight)
    return QueueInfo(
        stage=stage,
        depth=queue.depth,
        in_flight=queue.in_flight,
        oldest_at=moment(int(queue.oldest[0][1] / 1000)) if queue.oldest else None,
        eta_seconds=rounded(known.waits_seconds(queue.depth)),
        work_seconds=rounded(known.work_seconds(queue.runnable)),
    )
