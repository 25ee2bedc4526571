"""The stages in Redis: whether they take jobs, what waits, and what they did lately."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from latentrelay.contracts import StageInfo, StageName, StageState
from latentrelay.jobs import clock, keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.record import Fields, moment
from latentrelay.jobs.scripts import Scripts
from latentrelay.outlook import Outlook, StageOutlook
from latentrelay.recent import Minute, minutes_until, recent_work, to_minute


@dataclass(frozen=True)
class Standing:
    """Whether a stage takes jobs, and since when."""

    state: StageState = StageState.OPEN
    since: datetime | None = None


@dataclass(frozen=True)
class _Queue:
    depth: int
    oldest: Sequence[tuple[str, float]]
    in_flight: int


class Stages:
    """The stages in one Redis.

    Args:
        redis: the client.
        replicas: how many replicas must know that a stage is paused before that is answered.
    """

    def __init__(self, redis: RedisClient, replicas: int = 0) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, replicas)

    def stand(self, stage: StageName, state: StageState) -> StageState:
        """Let a stage be in `state` from now on; in which it was. It may be repeated."""
        return StageState(self._scripts.run("stand", stage, state, durable=True))

    def standings(self) -> Mapping[StageName, Standing]:
        """The state of every stage."""
        return standings(self._redis.hgetall(keys.STAGES))

    def list(self, outlook: Outlook, wanted: Sequence[StageName] = tuple(StageName)) -> tuple[StageInfo, ...]:
        """The stages that are `wanted`; what is known of them else is in `outlook`."""
        now, stands, queues = self._now(wanted)
        minutes = self._minutes(wanted, now)
        return tuple(
            _info(stage, stands[stage], queue, recent, outlook.of(stage), now)
            for stage, queue, recent in zip(wanted, queues, minutes, strict=True)
        )

    def _now(self, wanted: Sequence[StageName]) -> tuple[datetime, Mapping[StageName, Standing], Sequence[_Queue]]:
        """The time, the state of every stage, and the queues of those that are wanted."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(keys.STAGES)
            pipe.zrange(keys.LEASES, 0, -1)
            for stage in wanted:
                pipe.zcard(keys.pending(stage))
                pipe.zrange(keys.pending(stage), 0, 0, withscores=True)
            time, told, leases, *queues = pipe.execute()
        held = held_by_stage(self._redis, leases)
        rows = zip(wanted, queues[::2], queues[1::2], strict=True)
        return clock.told(*time), standings(told), [_Queue(depth, first, held[name]) for name, depth, first in rows]

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


def held_by_stage(redis: RedisClient, job_ids: Sequence[str]) -> Counter[str]:
    """How many of these jobs, which workers hold, are in each stage."""
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
    known = replace(known, is_paused=standing.state is StageState.PAUSED)  # this is newer than the outlook
    return StageInfo(
        stage=stage,
        state=standing.state,
        state_since=standing.since,
        depth=queue.depth,
        in_flight=queue.in_flight,
        oldest_at=moment(int(queue.oldest[0][1] / 1000)) if queue.oldest else None,
        eta_seconds=_rounded(known.waits_seconds(queue.depth)),
        workers=known.workers,
        work_seconds=_rounded(known.work_seconds),
        recent=recent_work(minutes, now),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
