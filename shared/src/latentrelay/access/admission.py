"""What is told of a request that brought a key, let in or not."""

from dataclasses import dataclass

from latentrelay.contracts import ApiKey
from latentrelay.errors import RateLimited


@dataclass(frozen=True)
class Admission:
    """A request with a good key, and what is left of its tenant's requests in this minute."""

    key: ApiKey
    remaining: int
    reset_seconds: float
    """Until the minute is over, and all of them may be asked again."""
    in_flight: int
    """Jobs of its tenant that had not ended when the request came."""


class AskedTooOften(RateLimited):
    """Too many requests of this API key's tenant in this minute."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        super().__init__(retry_after=admission.reset_seconds)
