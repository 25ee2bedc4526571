"""What nobody asked for: time that passes, workers that die, parts of Redis that are gone; and what mends it."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from latentrelay.contracts import StageName
from latentrelay.errors import NotFound
from latentrelay.jobs import Jobs, keys
from tests.stateful import promises
from tests.stateful.model import STAGES, TENANTS, Model
from tests.stateful.snapshot import is_live

LOSSES = st.sampled_from(
    [
        "lane:*",
        "since:*",
        "pending:*",
        "handed:*",
        "turns:*",
        "afters:*",
        "aged:*",
        "leases",
        "owners",
        "deadlines",
        "delayed",
        "live:*",
        "refs:*",
        "jobs",
        "jobs:*",
        "sweep:records",
        "reaped_at",
        "lane:*:ada",
        "turns:sdxl_base:*",
    ]
)


class Misfortune(Model):
    """Cancels, too, may come at any time."""

    def teardown(self) -> None:
        self.place()
        self.nothing_is_illegal()
        of_tenants = {tenant: self.redis.xrange(keys.feed_of(tenant)) for tenant in ("ada", "bob", "cyd", "default")}
        promises.the_feed_tells_every_move_of_every_job(self.now, self.redis.xrange(keys.FEED), of_tenants)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(self.known))
        is_held = job_id in self.held and job_id not in self.lapsed
        with suppress(NotFound):
            job = Jobs(self.redis).cancel(job_id)
            if job_id in self.ended:
                assert job.status == self.ended[job_id]["status"]
            else:
                assert job.status == ("running" if is_held else "canceled")
                assert job.cancel_requested or job.status.is_terminal
                (self.canceled.add if is_held else self._forget)(job_id)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def lease_runs_out(self, data: st.DataObject) -> None:
        job_id = self._any_held(data).job.id
        self.redis.zadd(keys.LEASES, {job_id: 1}, xx=True)
        self.lapsed.add(job_id)

    @precondition(lambda self: len(self.late) < 3)
    @rule(data=st.data())
    def deadline_passes(self, data: st.DataObject) -> None:
        live = sorted(self.now.live)
        if live:
            job_id = data.draw(st.sampled_from(live))
            self.redis.hset(keys.job(job_id), "deadline", 1)
            self.redis.zadd(keys.DEADLINES, {job_id: 1})
            self.late.add(job_id)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        self.lease_runs_out(data)
        self.reap()

    @rule()
    def delays_pass(self) -> None:
        for job_id in self.redis.zrange(keys.DELAYED, 0, -1):
            self.redis.zadd(keys.DELAYED, {job_id: 1})
        for job_id in self._look().live:
            self.redis.hdel(keys.job(job_id), "avoid")
        self.reap()

    @rule()
    def reap(self) -> None:
        before = self._look()
        due = {job_id for job_id in self.lapsed if job_id in before.one("leases")}
        assert {lost.job_id for lost in self.claims.reap()} == due
        for job_id in due:
            self._forget(job_id)
        for job_id in set(before.one("deadlines")) & self.late - self.held.keys():
            assert not is_live(self._look().records[job_id])

    @rule(what=LOSSES, at_once=st.booleans())
    def lose(self, what: str, *, at_once: bool) -> None:
        """A part of Redis is gone; the records are not."""
        gone = [*self.redis.scan_iter(match=f"{keys.ROOT}{what}", count=1000)]
        if gone:
            self.redis.delete(*gone)
            self.in_order = False
        if what == "leases":
            self.lapsed |= self.held.keys()
        if at_once:
            self.place()

    @rule()
    def place(self) -> None:
        self.claims.place([*self.known, "nobody"])
        self.claims.sweep_strays()
        assert self.claims.place([*self.known, "nobody"]) == ()
        self.in_order = True
        for job_id in self.lapsed:
            self.redis.zadd(keys.LEASES, {job_id: 1}, xx=True)

    @rule(stage=STAGES, tenant=TENANTS, priority=st.sampled_from("012"))
    def stray(self, stage: StageName, tenant: str, priority: str) -> None:
        """Places keep a job whose record is gone."""
        self.redis.zadd(f"{keys.ROOT}lane:{stage}:{priority}::{tenant}", {"ghost": 5})
        self.redis.zadd(f"{keys.ROOT}turns:{stage}:{priority}:", {tenant: 5}, nx=True)
        for key in (f"{keys.ROOT}since:{stage}:{priority}:", keys.pending(stage), keys.LEASES, keys.DEADLINES):
            self.redis.zadd(key, {"ghost": 5})
        self.redis.sadd(f"{keys.ROOT}afters:{stage}", "")
        self.redis.hset(keys.OWNERS, "w9/ghost", "ghost")
        self.redis.sadd(keys.live(tenant), "ghost")
        self.claims.place(["ghost"])
        self.place()
