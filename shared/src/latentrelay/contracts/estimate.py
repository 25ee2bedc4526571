"""What a job would cost, and whether it would be taken, without making it."""

from latentrelay.contracts.contract import Told
from latentrelay.contracts.job import Problem
from latentrelay.contracts.words import StageName


class StageEstimate(Told):
    """One stage of a job that was not submitted; seconds by the rates measured lately, absent where nobody can tell."""

    stage: StageName
    workers: int
    """Alive, with their model loaded."""
    waits_seconds: float | None = None
    """From now until this stage could begin, if the job were there already and went last."""
    seconds: float | None = None
    """Its own work."""
    memory_bytes: int | None = None
    """The most that a worker of this stage has needed so far."""


class Estimate(Told):
    """What a job would cost."""

    accepted: bool
    refusal: Problem | None = None
    """Why it would be refused now."""
    pixels: int
    """Of all final images, as quotas count them."""
    stages: tuple[StageEstimate, ...]
    seconds: float | None = None
    """From the submission to the end."""
