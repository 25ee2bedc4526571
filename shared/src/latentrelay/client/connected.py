"""What stands behind every door: connections, and how their loss is told."""

from collections.abc import Callable
from copy import copy
from functools import partial, wraps
from typing import ParamSpec, Self, TypeVar

from redis.exceptions import RedisError

from latentrelay import egress
from latentrelay.celery_app import make_app
from latentrelay.errors import StackUnavailable
from latentrelay.hints import Hints
from latentrelay.jobs import UNREACHABLE, DeadLetters, Jobs, Limits, connect, willing
from latentrelay.retention import Retention
from latentrelay.settings import Settings
from latentrelay.sources import Sources
from latentrelay.stack import locate
from latentrelay.storage import S3Store
from latentrelay.sweeper import Sweeper
from latentrelay.uploads import Uploads

Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")


def door(method: Callable[Asked, Answered]) -> Callable[Asked, Answered]:
    """Redis away is told in our own words."""

    @wraps(method)
    def told(*args: Asked.args, **kwargs: Asked.kwargs) -> Answered:
        try:
            with willing():
                return method(*args, **kwargs)
        except UNREACHABLE as error:
            raise StackUnavailable(f"Redis does not answer: {error}") from error

    return told


class Connected:
    """Connected to one stack."""

    def __init__(self, settings: Settings) -> None:
        self._redis = connect(settings)
        self._jobs = Jobs.of(self._redis, settings)
        self._dead = DeadLetters(
            self._redis, lambda tenant: Jobs.of(self._redis, settings.model_copy(update={"tenant": tenant}))
        )
        self._hints = Hints(make_app(settings), self._redis)
        self._store = S3Store.connect(settings)
        self._uploads = Uploads(self._redis, self._store, settings.max_input_bytes, settings.tenant)
        self._retention = Retention.of(settings)
        self._fetch = partial(
            egress.fetch,
            max_bytes=settings.max_input_bytes,
            allowed_hosts=settings.allowed_hosts,
            allowed_cidrs=settings.allowed_cidrs,
        )
        self._sources = self._sources_of()
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

    def confined_to(self, tenant: str, limits: Limits) -> Self:
        """The same client on behalf of `tenant`: it sees no other tenant's jobs and uploads. It shares connections."""
        confined = copy(self)
        confined._jobs = self._jobs.confined_to(tenant, limits)
        confined._uploads = self._uploads.confined_to(tenant)
        confined._sources = confined._sources_of()
        return confined

    def _sources_of(self) -> Sources:
        return Sources(self._uploads, self._fetch, self._jobs.get, self._retention)

    def close(self) -> None:
        """Let go of the connections."""
        self._redis.close()
