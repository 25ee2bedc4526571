"""What stands behind every door: the connections."""

from contextlib import AbstractContextManager
from copy import copy
from functools import partial
from typing import Self

from redis.exceptions import RedisError

from latentrelay import egress
from latentrelay.celery_app import make_app
from latentrelay.errors import StackUnavailable
from latentrelay.hints import Hints
from latentrelay.jobs import DeadLetters, Jobs, Limits, Outlooks, Stages, connect
from latentrelay.retention import Retention
from latentrelay.settings import Settings
from latentrelay.sources import Sources
from latentrelay.stack import locate
from latentrelay.storage import S3Store
from latentrelay.sweeper import Sweeper
from latentrelay.tracing import Kind, Span, Tracer, current, tracer_of
from latentrelay.uploads import Uploads
from latentrelay.webhooks.webhooks import Webhooks


class Connected:
    """Connected to one stack.

    Args:
        settings: that name it.
        tracer: tells the spans of submissions; without one, as the settings want it.
    """

    webhooks: Webhooks
    """Who is told what of jobs, and how that goes."""

    def __init__(self, settings: Settings, tracer: Tracer | None = None) -> None:
        self._settings = settings
        self._tracer = tracer or tracer_of(settings.otlp_endpoint, "client")
        self._redis = connect(settings)
        self._outlooks = Outlooks(self._redis)
        self._stages = Stages(self._redis, settings.max_waiting_for_refiner, settings.redis_replicas)
        self._jobs = Jobs.of(self._redis, settings, self._outlooks)
        self._dead = DeadLetters(
            self._redis, lambda tenant: Jobs.of(self._redis, settings.model_copy(update={"tenant": tenant}))
        )
        self._hints = Hints(make_app(settings), self._redis)
        self._store = S3Store.connect(settings)
        self._uploads = Uploads(self._redis, self._store, settings.max_input_bytes, settings.tenant)
        self._retention = Retention.of(settings)
        hosts, cidrs = settings.allowed_hosts, settings.allowed_cidrs
        self._check = partial(egress.check, allowed_hosts=hosts, allowed_cidrs=cidrs)
        self._fetch = partial(
            egress.fetch, max_bytes=settings.max_input_bytes, allowed_hosts=hosts, allowed_cidrs=cidrs
        )
        self._sources = self._sources_of()
        check_webhook = partial(
            egress.check, allowed_hosts=settings.webhook_allowed_hosts, allowed_cidrs=settings.webhook_allowed_cidrs
        )
        self.webhooks = Webhooks(self._redis, settings, check_webhook, tenant=settings.tenant)
        self._sweeper = Sweeper(self._redis, self._store, self._uploads, settings)

    @classmethod
    def connect(cls, settings: Settings | None = None) -> Self:
        """A client of the configured stack, or of the one that runs on this machine.

        Raises:
            StackUnavailable: no stack runs, or its Redis does not answer.
        """
        try:
            client = cls(locate(settings or Settings()))
            client._redis.ping()
        except RedisError as error:
            raise StackUnavailable(f"Redis does not answer as it should: {error}") from None
        return client

    def confined_to(self, tenant: str, limits: Limits, *, sees_all: bool = False) -> Self:
        """The same client on behalf of `tenant`, within `limits`. It shares connections.

        Unless it `sees_all`, other tenants' jobs and uploads are not there for it.
        """
        confined = copy(self)
        confined._jobs = self._jobs.confined_to(tenant, limits, sees_all=sees_all)
        confined._uploads = self._uploads.confined_to(tenant, sees_all=sees_all)
        confined._sources = confined._sources_of()
        confined.webhooks = self.webhooks.confined_to(tenant, sees_all=sees_all)
        return confined

    def _sources_of(self) -> Sources:
        return Sources(self._uploads, self._check, self._fetch, self._jobs.get, self._retention)

    def close(self) -> None:
        """Let go of the connections."""
        self._tracer.close()
        self._redis.close()

    def _submitting(self) -> AbstractContextManager[Span]:
        """The span of a submission, in the trace of whoever submits."""
        return self._tracer.span("submit", Kind.PRODUCER, current())
