"""What stands behind the routes: one client of the stack, the keys, and the hub."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Quotas
from latentrelay.jobs import Limits, connect
from latentrelay.settings import Settings
from services.gateway.hub import Hub


@dataclass(frozen=True)
class Gateway:
    """Made once per process."""

    settings: Settings
    client: Client
    """Sees every tenant's jobs; requests get one that is confined (`confined`)."""
    keys: Keys
    hub: Hub
    may_be_open: bool
    """Whether everybody is let in as long as no key was ever made: on a loopback address only."""

    @classmethod
    def connect(cls, settings: Settings, *, may_be_open: bool) -> Self:
        """The gateway of the stack that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none.
        """
        redis = connect(settings)
        return cls(settings, Client(settings), Keys(redis), Hub(connect(settings)), may_be_open)

    def confined(self, tenant: str, quotas: Quotas | None) -> Client:
        """The client as `tenant` may use it."""
        return _confined(self.client, tenant, limits_of(self.settings, quotas))

    def close(self) -> None:
        """Let go of everything."""
        self.hub.close()
        self.client.close()


def limits_of(settings: Settings, quotas: Quotas | None) -> Limits:
    """What submissions of a key are held against; without one, the stack's own limits."""
    limits = Limits.of(settings)
    if quotas is None:
        return limits
    return Limits(
        limits.max_live_jobs,
        min(quotas.in_flight, limits.max_live_jobs_per_tenant),
        limits.max_job_ms,
        quotas.pixels_per_day,
    )


@lru_cache(maxsize=4096)
def _confined(client: Client, tenant: str, limits: Limits) -> Client:
    return client.confined_to(tenant, limits)
