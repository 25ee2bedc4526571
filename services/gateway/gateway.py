"""What stands behind the routes: one client of the stack, the keys, and the hub."""

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Self

from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import Quotas
from latentrelay.jobs import Limits, connect
from latentrelay.settings import Settings
from services.gateway.bounds.shared_call import SharedCall
from services.gateway.bounds.stalls import Stalls
from services.gateway.hub import Hub
from services.gateway.metrics import Metrics
from services.gateway.readiness import Readiness, look
from services.gateway.signed_links import SignedLinks


@dataclass(frozen=True)
class Gateway:
    """Made once per process."""

    settings: Settings
    client: Client
    """Sees every tenant's jobs; requests get one of their key's tenant (`confined`)."""
    keys: Keys
    hub: Hub
    may_be_open: bool
    """Whether everybody is let in as long as no key was ever made: on a loopback address only."""
    looks: SharedCall[Readiness]
    """For what lacks."""
    metrics: Metrics
    scrapes: SharedCall[bytes]
    signed_links: SignedLinks
    stalls: Stalls = field(default_factory=Stalls)

    @classmethod
    def connect(cls, settings: Settings, *, may_be_open: bool) -> Self:
        """The gateway of the stack that `settings` name; nothing is sent yet.

        Raises:
            StackUnavailable: they name none.
        """
        client = Client(settings)
        looks = SharedCall("readiness", partial(look, client, settings.ready_stages))
        metrics = Metrics(client)
        scrapes = SharedCall("metrics", metrics.scrape)
        hub = Hub(connect(settings))
        links = SignedLinks.of(settings)
        return cls(settings, client, Keys.of(settings), hub, may_be_open, looks, metrics, scrapes, links)

    def confined(self, tenant: str, quotas: Quotas | None, *, sees_all: bool = False) -> Client:
        """The client as `tenant` may use it, within the `quotas` of its key."""
        return _confined(self.client, tenant, limits_of(self.settings, quotas), sees_all)

    def close(self) -> None:
        """Let go of everything."""
        self.looks.close()
        self.scrapes.close()
        self.hub.close()
        self.keys.close()
        self.signed_links.close()
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
def _confined(client: Client, tenant: str, limits: Limits, sees_all: bool) -> Client:  # noqa: FBT001 - a cache's key
    return client.confined_to(tenant, limits, sees_all=sees_all)
