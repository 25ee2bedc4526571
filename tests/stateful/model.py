"""What the machine knows beside what lies in Redis: who holds what, what has ended, what is late."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from latentrelay.contracts import StageName, StageState
from latentrelay.jobs import Answer, Claim, Claims, Limits, Order, RedisClient
from tests.stateful import promises
from tests.stateful.snapshot import Record, Snapshot, is_live

MAX_ATTEMPTS = 3
MAX_WAITING = 2
LIMITS = Limits(max_live_jobs=12, max_live_jobs_per_tenant=6)

TENANTS = st.sampled_from(["ada", "bob", "cyd"])
STAGES = st.sampled_from(StageName)


class Model(RuleBasedStateMachine):
    """The state of the machine, and what is true after each of its steps."""

    def __init__(self, redis: RedisClient) -> None:
        super().__init__()
        redis.flushall()
        self.redis = redis
        order = Order(max_waiting_for_next=MAX_WAITING)
        self.claims = Claims(redis, lease_seconds=600, max_attempts=MAX_ATTEMPTS, order=order)
        self.numbers = count()
        self.known: list[str] = []
        self.uploads: list[str] = []
        self.made: list[Claim] = []
        self.held: dict[str, Claim] = {}
        self.said: dict[tuple[str, str], Answer] = {}
        self.lapsed: set[str] = set()  # held, and the lease ran out or was lost
        self.canceled: set[str] = set()  # while they were held
        self.late: set[str] = set()
        self.ended: dict[str, Record] = {}
        self.states = dict.fromkeys(StageName, StageState.OPEN)
        self.now = Snapshot.of(redis)  # as the last step left it
        self.in_order = True  # nothing was lost since the jobs were put in their places

    @invariant()
    def nothing_is_illegal(self) -> None:
        now = self.now = self._look()
        promises.only_running_jobs_are_held(now)
        promises.attempts_stay_within_their_budget(now, MAX_ATTEMPTS)
        promises.every_move_is_told_once_and_the_end_last(now)
        promises.nothing_else_lies_in_redis(now)
        self._ends_are_final(now)
        if self.in_order:
            promises.every_job_waits_in_one_lane_or_is_held_or_delayed(now)
            promises.tenants_take_turns_where_they_have_a_lane(now)
            promises.the_indexes_say_what_the_records_say(now)
            promises.the_jobs_of_a_tenant_and_the_readers_of_an_object_are_those_that_live(now)
            promises.what_a_live_job_reads_is_there(now)

    def _ends_are_final(self, now: Snapshot) -> None:
        assert now.records.keys() == set(self.known)
        for job_id, record in now.records.items():
            if is_live(record):
                assert job_id not in self.ended
                assert record["owner"] == (self.held[job_id].owner if job_id in self.held else "")
            else:
                told = {name: value for name, value in record.items() if name != "artifacts"}
                assert self.ended.setdefault(job_id, told) == told

    def _look(self) -> Snapshot:
        return Snapshot.of(self.redis)

    def _any_held(self, data: st.DataObject, among: Iterable[str] = ()) -> Claim:
        return self.held[data.draw(st.sampled_from(sorted(among or self.held)))]

    def _changes_nothing(self, call: Callable[[], Any]) -> Any:
        before = self.now.without_clock
        answer = call()
        assert self._look().without_clock == before
        return answer

    def _forget(self, job_id: str) -> None:
        self.held.pop(job_id, None)
        self.lapsed.discard(job_id)
        self.canceled.discard(job_id)
