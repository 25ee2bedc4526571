"""How long objects are kept, and from which age on the store itself may remove them. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from latentrelay.contracts import ArtifactKind
from latentrelay.settings import Settings

DAY = 86_400  # seconds


@dataclass(frozen=True)
class Retention:
    """Seconds: of latents and images from the end of their job, of inputs from their upload."""

    seconds: Mapping[ArtifactKind, float]
    max_job_seconds: float
    """No job lives longer."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The retention that `settings` want."""
        seconds = {
            ArtifactKind.LATENTS: settings.latents_seconds,
            ArtifactKind.IMAGE: settings.images_seconds,
            ArtifactKind.INPUT: settings.inputs_seconds,
        }
        return cls(seconds, settings.max_job_seconds)

    def is_over(self, kind: ArtifactKind, since: datetime, now: datetime) -> bool:
        """Whether objects of a job that ended at `since` are no longer to be read by new jobs."""
        return (now - since).total_seconds() > self.seconds[kind]

    def days(self, kind: ArtifactKind) -> int:
        """The age from which on no job can read an object of this kind any more, whatever a sweeper has missed.

        It was made while its job lived (at most max_job_seconds), was kept for its retention, and the last job that
        began to read it then lives as long again; a day more, for clocks that differ and for the sweeper's turns.
        """
        return math.ceil((self.seconds[kind] + 2 * self.max_job_seconds) / DAY) + 1
