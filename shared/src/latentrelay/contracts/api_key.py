"""An API key as those who look after keys see it: everything but its secret."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from latentrelay.contracts.contract import Contract, Id, Short, Told


class Scope(StrEnum):
    """What a key may do."""

    SUBMIT = "submit"
    """Submit, cancel and delete jobs of its tenant, and upload."""
    READ = "read"
    """Read jobs of its tenant, their events and images, queues, workers and capabilities."""
    ADMIN = "admin"
    """All of that, and the jobs of every tenant."""


class Quotas(Contract):
    """How much the tenant of a key may ask for; keys of one tenant share what is counted."""

    in_flight: int = Field(100, ge=1)
    """Jobs that have not ended."""
    per_minute: int = Field(600, ge=1)
    """Requests in one minute."""
    pixels_per_day: int | None = Field(None, ge=1)
    """Of all final images of a day, by UTC; absent: as many as it likes."""


class ApiKey(Told):
    """An API key. Its secret is shown once, when it is made; a hash of it is kept."""

    id: Id
    name: Short
    """What it is for."""
    tenant: Id
    """Whose jobs it submits and sees."""
    scopes: frozenset[Scope]
    quotas: Quotas = Quotas.model_construct()
    created_at: datetime
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Whether it has `scope`."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
