"""A fleet at work, simulated event by event by the rules that Redis and the workers follow. Seeded."""

from functools import partial
from random import Random

from latentrelay.contracts import StageName
from latentrelay.plan.clock import Clock
from latentrelay.plan.fleet import Fleet
from latentrelay.plan.gpus import Gpu, Gpus
from latentrelay.plan.journey import Journey
from latentrelay.plan.lanes import Lanes
from latentrelay.plan.load import Arrivals
from latentrelay.plan.outcome import Outcome, outcome
from latentrelay.plan.rules import AVOID_SECONDS, HOUR, MOST_DELAYS, RETRY_SECONDS, Mishaps, Rules


def simulate(
    arrivals: Arrivals, fleet: Fleet, rules: Rules | None = None, mishaps: Mishaps | None = None, seed: int = 1
) -> Outcome:
    """What becomes of `arrivals` where `fleet` works on them until all have ended."""
    return _Simulation(arrivals, fleet, rules or Rules(), mishaps or Mishaps(), seed).run()


class _Simulation:
    def __init__(self, arrivals: Arrivals, fleet: Fleet, rules: Rules, mishaps: Mishaps, seed: int) -> None:
        self._fleet, self._rules, self._mishaps = fleet, rules, mishaps
        self._chance = Random(f"mishaps {seed}")  # noqa: S311  # no secret
        self._clock = Clock()
        self._jobs = [Journey(number, arrival) for number, arrival in enumerate(arrivals)]
        self._live = len(self._jobs)
        self._lost: list[tuple[float, Journey]] = []
        self._delayed: list[tuple[float, Journey]] = []
        self._stages = {
            stage: Gpus(count, Lanes(rules.aging_seconds), partial(self._claim, stage))
            for stage, count in fleet.counts.items()
        }

    def run(self) -> Outcome:
        for job in self._jobs:
            self._clock.at(job.arrival.at, partial(self._arrive, job))
        self._clock.after(self._rules.reap_seconds, self._reap)
        if self._mishaps.lost_per_hour:
            for stage, gpus in self._stages.items():
                for gpu in gpus.all:
                    self._lose_some_time(stage, gpu)
        self._clock.run()
        busy = {stage: sum(gpu.busy_seconds for gpu in gpus.all) for stage, gpus in self._stages.items()}
        return outcome(self._jobs, self._fleet, busy)

    def _room(self, after: StageName | None) -> float:
        if after is None:
            return float("inf")
        return max(0, self._rules.max_waiting_for_next - self._stages[after].lanes.handed)

    def _arrive(self, job: Journey) -> None:
        self._enqueue(job, anew=True)
        self._clock.after(self._rules.pause_seconds, self._stages[job.stage].nudge)

    def _enqueue(self, job: Journey, *, anew: bool) -> None:
        self._stages[job.stage].lanes.enter(job.waits(self._clock.now, anew=anew))

    def _claim(self, stage: StageName, gpu: Gpu) -> bool:
        waiting = self._stages[stage].lanes.claim(gpu.number, self._clock.now, self._room)
        if waiting is None:
            return False
        job = gpu.job = self._jobs[waiting.number]
        if job.before is not None and self._room(stage) == 1:
            self._clock.after(self._rules.pause_seconds, self._stages[job.before].hint)
        gpu.attempts += 1
        job.started_at = self._clock.now
        fails = self._chance.random() < self._mishaps.failing
        self._clock.after(job.seconds, partial(self._end, stage, gpu, gpu.attempts, fails=fails))
        return True

    def _end(self, stage: StageName, gpu: Gpu, attempt: int, *, fails: bool) -> None:
        job = gpu.job
        if job is None or attempt != gpu.attempts:  # this GPU was lost meanwhile
            return
        gpu.job = None
        gpu.busy_seconds += self._clock.now - job.started_at
        if fails:
            self._put_off(job, gpu)
        else:
            self._commit(job)
        self._clock.after(self._rules.pause_seconds, partial(self._free, stage, gpu, attempt))

    def _free(self, stage: StageName, gpu: Gpu, attempt: int) -> None:
        if gpu.is_there and attempt == gpu.attempts:
            self._stages[stage].free(gpu)

    def _commit(self, job: Journey) -> None:
        job.done(self._clock.now)
        if job.after is None:
            job.ended_at = self._clock.now
            self._live -= 1
            return
        job.place, job.attempt = job.place + 1, 1
        self._enqueue(job, anew=True)
        self._clock.after(self._rules.pause_seconds, self._stages[job.stage].hint)

    def _put_off(self, job: Journey, gpu: Gpu) -> None:
        delay = RETRY_SECONDS * min(job.attempt, MOST_DELAYS)
        if job.waiting is not None:
            job.waiting.avoid, job.waiting.avoid_until = gpu.number, self._clock.now + delay + AVOID_SECONDS
        if self._tries_again(job):
            self._delayed.append((self._clock.now + delay, job))

    def _tries_again(self, job: Journey) -> bool:
        if job.attempt >= self._rules.max_attempts:
            self._live -= 1
            return False
        job.attempt += 1
        return True

    def _lose_some_time(self, stage: StageName, gpu: Gpu) -> None:
        seconds = self._chance.expovariate(self._mishaps.lost_per_hour / HOUR)
        self._clock.after(seconds, partial(self._lose, stage, gpu))

    def _lose(self, stage: StageName, gpu: Gpu) -> None:
        if not self._live:
            return
        job = self._stages[stage].lose(gpu)
        if job is not None:
            gpu.busy_seconds += self._clock.now - job.started_at
            self._lost.append((self._clock.now + self._rules.lease_seconds, job))
        gpu.attempts += 1
        self._clock.after(self._mishaps.reload_seconds, partial(self._load, stage, gpu))

    def _load(self, stage: StageName, gpu: Gpu) -> None:
        self._stages[stage].free(gpu)
        self._lose_some_time(stage, gpu)

    def _reap(self) -> None:
        """As the reaper does: leases that ran out, jobs that were put off, hints that are missing."""
        for job in self._due(self._lost):
            if self._tries_again(job):
                self._enqueue(job, anew=False)
        for job in self._due(self._delayed):
            self._enqueue(job, anew=False)
        for gpus in self._stages.values():
            gpus.top_up(self._room)
        if self._live:
            self._clock.after(self._rules.reap_seconds, self._reap)

    def _due(self, those: list[tuple[float, Journey]]) -> list[Journey]:
        """Those whose time has come, taken out."""
        due = [job for moment, job in those if moment <= self._clock.now]
        those[:] = [one for one in those if one[0] > self._clock.now]
        return due
