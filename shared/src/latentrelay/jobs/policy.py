"""How many jobs are taken, and who goes first."""

from dataclasses import dataclass
from typing import Self

from latentrelay.settings import Settings


@dataclass(frozen=True)
class Limits:
    """What a submission is held against."""

    max_live_jobs: int = 100_000
    """Jobs that have not ended."""
    max_live_jobs_per_tenant: int = 20_000
    max_job_ms: int = 7 * 86_400_000
    """The deadline of a job without one of its own, counted from its submission."""
    max_pixels_per_day: int | None = None
    """Of one tenant, by UTC; None: as many as it likes."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits as `settings` want them."""
        return cls(settings.max_live_jobs, settings.max_live_jobs_per_tenant, int(settings.max_job_seconds * 1000))


@dataclass(frozen=True)
class Order:
    """What a claim is decided by, beside what waits."""

    max_waiting_for_next: int = 200
    """Jobs that may wait for a next stage; from there on the stage before takes none of them."""
    handicap_ms: int = 300_000
    """How much longer a job must have waited to go before those of the next better priority."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The order as `settings` want it."""
        return cls(settings.max_waiting_for_refiner, int(settings.aging_seconds * 1000))
