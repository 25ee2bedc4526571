"""The rules that the simulation follows, as settings have them, and what goes wrong. Pure."""

from dataclasses import dataclass
from typing import Self

from latentrelay.settings import Settings

RETRY_SECONDS, MOST_DELAYS = 2.0, 3  # `worker.verdict` has the same: an attempt that failed is put off
HOUR = 3600.0
AVOID_SECONDS = 5.0  # `jobs.claims`: and left to others
ENOUGH_HINTS, MOST_HINTS = 100, 1000  # as `hints` has them: sent with a submission; sent at once


@dataclass(frozen=True)
class Rules:
    """Who goes first, and when what was lost goes on. The defaults are those of the settings."""

    max_waiting_for_next: int = 200
    """Jobs handed on that may wait for a next stage; from there on the stage before takes none of them."""
    aging_seconds: float = 300.0
    """How much longer a job must have waited to go before those of the next better priority."""
    lease_seconds: float = 10.0
    """A worker that is silent for so long has lost its job."""
    reap_seconds: float = 2.0
    """How often lost jobs and lost hints are looked for."""
    max_attempts: int = 3
    """Of a stage."""
    pause_seconds: float = 0.02
    """From a hint, or the end of the last job, to the claim."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The rules as `settings` want them."""
        return cls(
            max_waiting_for_next=settings.max_waiting_for_refiner,
            aging_seconds=settings.aging_seconds,
            lease_seconds=settings.lease_seconds,
            reap_seconds=settings.reap_seconds,
            max_attempts=settings.max_attempts,
        )


@dataclass(frozen=True)
class Mishaps:
    """What goes wrong, by chance."""

    lost_per_hour: float = 0.0
    """How often each GPU is lost, with the job that it has, in the mean."""
    reload_seconds: float = 60.0
    """From its loss until it has its model loaded again."""
    failing: float = 0.0
    """The share of attempts that fail and are tried again, 0 to 1."""

    @property
    def presence(self) -> float:
        """The share of its time that a GPU is there, 0 to 1."""
        return 1 / (1 + self._lost_per_second * self.reload_seconds)

    def worked(self, seconds: float, max_attempts: int) -> float:
        """What GPUs spend on what takes one attempt `seconds`, in the mean, with attempts that fail and are lost.

        Of one that is lost half was done.
        """
        tries = sum(self.failing**number for number in range(max_attempts))
        return seconds * min(max_attempts, tries * (1 + self._lost_per_second * seconds / 2))

    @property
    def _lost_per_second(self) -> float:
        return self.lost_per_hour / HOUR
