"""A job on its way through the simulation, and what it leaves behind."""

from dataclasses import dataclass, field

from latentrelay.contracts import StageName
from latentrelay.plan.lanes import Waiting
from latentrelay.plan.load import Arrival


@dataclass(frozen=True, slots=True)
class Stay:
    """The attempt of a stage that counted, in seconds of the simulation."""

    stage: StageName
    queued_at: float
    started_at: float
    finished_at: float
    is_handed_on: bool

    @property
    def waited(self) -> float:
        """From queued to claimed; of a job that is handed on: the handoff."""
        return self.started_at - self.queued_at

    @property
    def worked(self) -> float:
        """From the claim to the commit."""
        return self.finished_at - self.started_at


@dataclass(slots=True)
class Journey:
    """One job."""

    number: int
    arrival: Arrival
    place: int = 0
    """Of its stage in the route."""
    attempt: int = 1
    queued_at: float = 0.0
    started_at: float = 0.0
    waiting: Waiting | None = None
    """As the lanes saw it last."""
    stays: list[Stay] = field(default_factory=list)
    ended_at: float | None = None
    """None: every attempt was lost or failed, or it has not ended yet."""

    @property
    def stage(self) -> StageName:
        """That it waits for or is in."""
        return self.arrival.shape.way.route[self.place]

    @property
    def after(self) -> StageName | None:
        """The stage after that."""
        route = self.arrival.shape.way.route
        return route[self.place + 1] if self.place + 1 < len(route) else None

    @property
    def before(self) -> StageName | None:
        """The stage before that."""
        return self.arrival.shape.way.route[self.place - 1] if self.place else None

    @property
    def seconds(self) -> float:
        """That its stage works on it."""
        return self.arrival.shape.seconds[self.stage]

    def waits(self, now: float, *, anew: bool) -> Waiting:
        """It waits for its stage from now on; not `anew`: it comes back, in its old place."""
        self.queued_at = now
        if anew or self.waiting is None:
            shape, tenant = self.arrival.shape, self.arrival.tenant
            self.waiting = Waiting(self.number, shape.rank, self.after, tenant, now, is_handed_on=self.place > 0)
        else:
            self.waiting.comes_back = True
        return self.waiting

    def done(self, now: float) -> None:
        """Its stage has committed."""
        self.stays.append(Stay(self.stage, self.queued_at, self.started_at, now, is_handed_on=self.place > 0))
