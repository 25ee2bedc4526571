"""The stages in Redis: whether they take jobs, what waits, and what they did lately."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from latentrelay.contracts import StageInfo, StageName, StageState
from latentrelay.jobs import clock, keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.record import Fields, moment
from latentrelay.jobs.scripts import Scripts
from latentrelay.outlook import Outlook
from latentrelay.recent import minutes_until, recent_work, to_minute


@dataclass(frozen=True)
class Standing:
    """Whether a stage takes jobs, and since when."""

    state: StageState = StageState.OPEN
    since: datetime | None = None


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
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(keys.STAGES)
            pipe.zrange(keys.LEASES, 0, -1)
            for stage in wanted:
                pipe.zcard(keys.pending(stage))
                pipe.zrange(keys.pending(stage), 0, 0, withscores=True)
            time, told, held, *queues = pipe.execute()
        now, stands = clock.told(*time), standings(told)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in held:
                pipe.hget(keys.job(job_id), "stage")
            for stage in wanted:
                for minute in minutes_until(now):
                    pipe.hgetall(keys.recent(stage, minute))
            answers = pipe.execute()
        in_flight, minutes = Counter(answers[: len(held)]), answers[len(held) :]
        count = len(minutes_until(now))
        return tuple(
            _info(
                _Read(stage, stands[stage], queues[2 * place], queues[2 * place + 1], in_flight[stage]),
                minutes[place * count : (place + 1) * count],
                outlook,
                now,
            )
            for place, stage in enumerate(wanted)
        )


def standings(told: Fields) -> Mapping[StageName, Standing]:
    """The state of every stage, as Redis holds it. Pure."""
    return {
        stage: Standing(StageState(told.get(stage, StageState.OPEN)), moment(told.get(f"{stage}:since")))
        for stage in StageName
    }


@dataclass(frozen=True)
class _Read:
    stage: StageName
    standing: Standing
    depth: int
    oldest: Sequence[tuple[str, float]]
    in_flight: int


def _info(read: _Read, minutes: Sequence[Fields], outlook: Outlook, now: datetime) -> StageInfo:
    known = replace(outlook.of(read.stage), is_paused=read.standing.state is StageState.PAUSED)
    waits, work = known.waits_seconds(read.depth), known.work_seconds
    numbered: Any = zip(minutes_until(now), minutes, strict=True)
    return StageInfo(
        stage=read.stage,
        state=read.standing.state,
        state_since=read.standing.since,
        depth=read.depth,
        in_flight=read.in_flight,
        oldest_at=moment(int(read.oldest[0][1] / 1000)) if read.oldest else None,
        eta_seconds=None if waits is None else round(waits, 3),
        workers=known.workers,
        work_seconds=None if work is None else round(work, 3),
        recent=recent_work([to_minute(number, fields) for number, fields in numbered], now),
    )
