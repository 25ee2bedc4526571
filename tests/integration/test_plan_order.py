"""The simulation of `latentrelay plan` decides as the scripts do: the same jobs, the same claims, on a real server."""

import math
import uuid
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from latentrelay import ImageSource, Priority, Refine, Refinement, RefineMode, StageName, TextToImage, Variation
from latentrelay.contracts import JobRequest, Problem
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Answer, Backlog, Claim, Claims, Jobs, Order, RedisClient, connect, keys
from latentrelay.plan.journey import Journey
from latentrelay.plan.lanes import Lanes, Waiting
from latentrelay.plan.load import Arrival, Shape, Way
from latentrelay.settings import Settings

MAX_WAITING = 2
HANDICAP_MS = 6
STEP_US = 1000  # between two jobs that begin to wait: priorities age within a scenario, however slow the machine
PROBLEM = Problem(code=ErrorCode.INTERNAL, detail="broke", retryable=True)
LATER_MS = 10**15

TENANTS = st.sampled_from(["ada", "bob", "cyd"])
SUBMIT = st.tuples(st.just("submit"), TENANTS, st.sampled_from(Priority), st.sampled_from(Way))
CLAIM = st.tuples(st.just("claim"), st.sampled_from(StageName), st.integers(0, 1))
END = st.tuples(st.sampled_from(["commit", "commit", "retry", "release", "lose"]), st.integers(0, 99))
FORGIVE = st.tuples(st.just("forgive"))
STEPS = st.lists(SUBMIT | SUBMIT | CLAIM | CLAIM | END | FORGIVE, min_size=40, max_size=60)


def request(way: Way, priority: Priority) -> JobRequest:
    image = ImageSource(upload_id="u")
    match way:
        case Way.RELAY:
            return TextToImage(prompt="x", priority=priority)
        case Way.BASE:
            return TextToImage(prompt="x", priority=priority, refine=Refine(mode=RefineMode.NONE))
        case Way.REFINEMENT:
            return Refinement(prompt="x", priority=priority, image=image)
        case Way.VARIATION:
            return Variation(priority=priority, image=image)


@dataclass
class Both:
    """The scripts on a server, and the simulated lanes; each step is made on both."""

    redis: RedisClient
    ids: list[str] = field(default_factory=list)
    journeys: list[Journey] = field(default_factory=list)
    held: list[tuple[Claim, Journey, int]] = field(default_factory=list)
    entered: int = 0

    def __post_init__(self) -> None:
        self.redis.flushall()
        order = Order(max_waiting_for_next=MAX_WAITING, handicap_ms=HANDICAP_MS)
        self.claims = Claims(self.redis, lease_seconds=600, max_attempts=1000, order=order)
        self.lanes = {stage: Lanes(HANDICAP_MS * 1000) for stage in StageName}

    def room(self, after: StageName | None) -> float:
        return math.inf if after is None else max(0, MAX_WAITING - self.lanes[after].handed)

    def submit(self, tenant: str, priority: Priority, way: Way) -> None:
        asked = request(way, priority)
        self.ids.append(Jobs(self.redis, tenant=tenant).submit(uuid.uuid4().hex, asked, asked.with_seed()).id)
        self.journeys.append(Journey(len(self.journeys), Arrival(0, Shape(way, {}, priority), tenant)))
        self._enter(self.journeys[-1])

    def claim(self, stage: StageName, worker: int) -> None:
        real = self.claims.claim(stage, uuid.uuid4().hex, f"w{worker}")
        simulated = self.lanes[stage].claim(worker, 0, self.room)
        assert (real and self.ids.index(real.job.id)) == (simulated and simulated.number)
        if real and simulated:
            self.held.append((real, self.journeys[simulated.number], worker))

    def commit(self, which: int) -> None:
        claim, journey, _ = self.held.pop(which % len(self.held))
        answer = self.claims.commit(claim, (), ())
        assert (answer is Answer.ADVANCED) == (journey.after is not None)
        if journey.after:
            journey.place += 1
            self._enter(journey)

    def retry(self, which: int) -> None:
        claim, journey, worker = self.held.pop(which % len(self.held))
        assert self.claims.retry(claim, 0, PROBLEM) is Answer.QUEUED
        self.redis.hset(keys.job(claim.job.id), "avoid_until", LATER_MS)
        assert journey.waiting
        journey.waiting.avoid, journey.waiting.avoid_until = worker, math.inf
        self._come_back(journey)
        self.claim(journey.stage, worker)  # who failed asks again at once

    def release(self, which: int) -> None:
        claim, journey, _ = self.held.pop(which % len(self.held))
        assert self.claims.release(claim) is Answer.QUEUED
        self._come_back(journey)

    def lose(self, which: int) -> None:
        claim, journey, _ = self.held.pop(which % len(self.held))
        self.redis.zadd(keys.LEASES, {claim.job.id: 1})
        assert [lost.job_id for lost in self.claims.reap()] == [claim.job.id]
        self._come_back(journey)

    def forgive(self) -> None:
        """Those who failed take such jobs again."""
        for journey in self.journeys:
            if journey.waiting and journey.waiting.avoid is not None:
                self.redis.hset(keys.job(self.ids[journey.number]), "avoid_until", 1)
                journey.waiting.avoid_until = -1

    def agree(self) -> None:
        backlog = Backlog(self.redis)
        for stage, lanes in self.lanes.items():
            assert self.redis.zcard(keys.pending(stage)) == len(lanes)
            assert backlog.runnable(stage, MAX_WAITING) == lanes.runnable(self.room)

    def _enter(self, journey: Journey) -> None:
        self.entered += 1
        waiting = journey.waits(self.entered * STEP_US, anew=True)
        self._let_wait(self.ids[journey.number], journey.stage, waiting)
        self.lanes[journey.stage].enter(waiting)

    def _let_wait(self, job_id: str, stage: StageName, waiting: Waiting) -> None:
        """As if it had begun to wait when the simulated one did."""
        place = f"{stage}:{waiting.rank}:{waiting.after or ''}"
        for name in (f"lane:{place}:{waiting.tenant}", f"since:{place}", f"pending:{stage}", f"handed:{stage}"):
            self.redis.zadd(f"latentrelay:{name}", {job_id: waiting.since}, xx=True)
        self.redis.hset(keys.job(job_id), "waits_since", int(waiting.since))

    def _come_back(self, journey: Journey) -> None:
        self.lanes[journey.stage].enter(journey.waits(0, anew=False))


@pytest.fixture
def redis(settings: Settings) -> RedisClient:
    return connect(settings)


@given(steps=STEPS)
@hypothesis_settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_simulation_lets_jobs_go_in_the_order_in_which_the_scripts_do(
    redis: RedisClient, steps: list[tuple[object, ...]]
) -> None:
    both = Both(redis)
    for name, *arguments in steps:
        if both.held or name in ("submit", "claim", "forgive"):
            getattr(both, str(name))(*arguments)
    both.agree()
    both.forgive()
    while any(len(lanes) for lanes in both.lanes.values()) or both.held:  # to the end, so that all are compared
        for stage, lanes in both.lanes.items():
            if len(lanes):
                both.claim(stage, 0)
        if both.held:
            both.commit(0)
