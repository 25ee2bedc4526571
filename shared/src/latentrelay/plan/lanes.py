"""Who goes next at a stage: the rules of `jobs/lua/lanes.lua` and `claim.lua`, in memory.

A test lets both decide on the same jobs and compares the order. Times are in one unit, whichever.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from latentrelay.contracts import StageName

RANKS = 3
TENANTS, JOBS = 100, 10  # looked at, where a worker has to leave some to others

Entry = tuple[float, int]
"""Since when a job waits, and its number."""
Room = Callable[[StageName | None], float]
"""How many jobs more a next stage may be handed."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A job as the lanes see it."""

    number: int
    """Tells jobs apart; the lower came first."""
    rank: int
    after: StageName | None
    """The next stage, where there is one."""
    tenant: str
    since: float
    """Since when it waits for this stage; one that comes back keeps it."""
    is_handed_on: bool = False
    """Whether an earlier stage made what this one works on."""
    comes_back: bool = False
    """Whether a worker had it: it was retried, lost or handed back."""
    avoid: int | None = None
    """The worker that leaves it to others, because it failed there."""
    avoid_until: float = 0.0

    def is_avoided(self, worker: int, now: float) -> bool:
        """Whether `worker` leaves it to others for now."""
        return self.avoid == worker and now < self.avoid_until


@dataclass(slots=True, eq=False)
class Round:
    """The lanes of one rank and one next stage."""

    lanes: dict[str, list[Entry]] = field(default_factory=dict)
    """The jobs of each tenant, those that have waited longest first."""
    since: list[Entry] = field(default_factory=list)
    """The jobs of all tenants."""
    turns: dict[str, int] = field(default_factory=dict)
    """Of those that have a lane: the lowest goes next."""

    def enter(self, job: Waiting) -> None:
        """Its turn is still to be set."""
        insort(self.lanes.setdefault(job.tenant, []), (job.since, job.number))
        insort(self.since, (job.since, job.number))

    def take_out(self, job: Waiting) -> None:
        """A tenant without a lane has no turn."""
        lane = self.lanes[job.tenant]
        for entries in (lane, self.since):
            del entries[bisect_left(entries, (job.since, job.number))]
        if not lane:
            del self.lanes[job.tenant], self.turns[job.tenant]

    def in_turn(self) -> Iterator[int]:
        """The jobs that are looked at, by their numbers."""
        for tenant in islice(sorted(self.turns, key=self.turns.__getitem__), TENANTS):
            yield from (number for _, number in islice(self.lanes[tenant], JOBS))


class Lanes:
    """The jobs that wait for one stage.

    Args:
        handicap: how much longer a job must have waited to go before those of the next better priority.
    """

    def __init__(self, handicap: float) -> None:
        self.handed = 0
        """How many of those that wait were handed on."""
        self._handicap = handicap
        self._jobs: dict[int, Waiting] = {}
        self._rounds: list[dict[StageName | None, Round]] = [{} for _ in range(RANKS)]
        self._has_aged = False

    def __len__(self) -> int:
        return len(self._jobs)

    def runnable(self, room: Room) -> int:
        """How many of those that wait could be claimed now."""
        waiting: dict[StageName | None, int] = {}
        for rounds in self._rounds:
            for after, one in rounds.items():
                waiting[after] = waiting.get(after, 0) + len(one.since)
        return int(sum(min(count, room(after)) for after, count in waiting.items()))

    def enter(self, job: Waiting) -> None:
        """`job` waits from now on."""
        rounds = self._rounds[job.rank]
        turn = next((one.turns[job.tenant] for one in rounds.values() if job.tenant in one.turns), None)
        self._jobs[job.number] = job
        self.handed += job.is_handed_on
        rounds.setdefault(job.after, Round()).enter(job)
        if job.comes_back:
            self._set_turn(job, self._end_of_round(job.rank, min) - 1)
        else:
            self._set_turn(job, self._end_of_round(job.rank, max) + 1 if turn is None else turn)

    def claim(self, worker: int, now: float, room: Room) -> Waiting | None:
        """The job that goes first for `worker`, waiting no longer; None where none may be taken."""
        due = self._due(room)
        ranks = list(due) if self._has_aged else sorted(due, key=due.__getitem__)
        for rank in ranks:
            if job := self._first_of(rank, worker, now, room):
                self._has_aged = rank != min(due)
                self._take_out(job)
                self._set_turn(job, self._end_of_round(rank, max) + 1)
                return job
        return None

    def _due(self, room: Room) -> dict[int, float]:
        """When each rank that may be taken is due, the best one first."""
        due: dict[int, float] = {}
        for rank, rounds in enumerate(self._rounds):
            oldest = [one.since[0][0] for after, one in rounds.items() if one.since and room(after) > 0]
            if oldest:
                due[rank] = min(oldest) + rank * self._handicap
        return due

    def _first_of(self, rank: int, worker: int, now: float, room: Room) -> Waiting | None:
        """Of the rounds that are open the job whose tenant's turn it is; of one tenant, the one that waits longer."""
        found = [
            (one.turns[job.tenant], job.since, job)
            for after, one in self._rounds[rank].items()
            if room(after) > 0 and (job := self._first_in(one, worker, now))
        ]
        return min(found, key=lambda it: it[:2])[2] if found else None

    def _first_in(self, one: Round, worker: int, now: float) -> Waiting | None:
        jobs = (self._jobs[number] for number in one.in_turn())
        return next((job for job in jobs if not job.is_avoided(worker, now)), None)

    def _take_out(self, job: Waiting) -> None:
        del self._jobs[job.number]
        self.handed -= job.is_handed_on
        self._rounds[job.rank][job.after].take_out(job)

    def _end_of_round(self, rank: int, pick: Callable[[Iterable[int]], int]) -> int:
        """The number at one end of the round: `min` its head, `max` its end."""
        turns = [turn for one in self._rounds[rank].values() for turn in one.turns.values()]
        return pick(turns) if turns else 0

    def _set_turn(self, job: Waiting, turn: int) -> None:
        """A tenant has one number, in each round in which it has a lane."""
        for one in self._rounds[job.rank].values():
            if job.tenant in one.lanes:
                one.turns[job.tenant] = turn
