"""The only place a Redis client is made."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelManagedConnection

from latentrelay.errors import StackUnavailable
from latentrelay.jobs.sentinel_url import FORM as SENTINEL_FORM
from latentrelay.jobs.sentinel_url import SCHEME, SentinelUrl, read_sentinel_url
from latentrelay.settings import Settings

RedisClient: TypeAlias = Any
"""A client with decoded responses. redis-py's own hints cover sync, async and bytes at once, and fit none of them."""

UNREACHABLE = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError, MasterDownError)
"""What is raised while Redis cannot be reached, or takes no writes, a failover included: worth waiting for."""

FORM = "redis://:password@host:6379/0"

SOCKET_SECONDS = 5  # a half-open connection must never hang a client: all four options below, or none of them helps
SENTINEL_SECONDS = 1  # they answer from memory; one that hangs must not hold those who can ask the next


class PrimaryConnection(SentinelManagedConnection):
    """Asks the sentinels whenever it connects. redis-py's own, in a repetition, goes back to the server it lost."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002  # redis-py's
        """Send, connected to the primary."""
        if not self._sock:
            self.connect()  # type: ignore[no-untyped-call]  # redis-py types half of it
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]  # as above


def connect(settings: Settings) -> RedisClient:
    """A client for the configured Redis; it connects when first used, to the primary that the sentinels name.

    Raises:
        StackUnavailable: no Redis is configured, or its URL cannot be read.
    """
    if settings.redis_url is None:
        raise StackUnavailable("LATENTRELAY_REDIS_URL is not set and no stack was located.")
    url = settings.redis_url.get_secret_value()
    if url.startswith(SCHEME):
        return _primary(read_sentinel_url(url))
    try:
        return Redis.from_url(url, **_options())
    except ValueError:  # redis-py's words quote the URL, which may hold a password
        raise StackUnavailable(f"LATENTRELAY_REDIS_URL is no URL of a Redis, like {FORM} or {SENTINEL_FORM}.") from None


def sentinels(addresses: Iterable[tuple[str, int]], login: dict[str, Any], **options: Any) -> RedisClient:
    """Those who know the primary, asked in turn, each once; `options` are of the connections to the primary."""
    asked: dict[str, Any] = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
    asked |= {"retry": Retry(NoBackoff(), 0), **login}
    return Sentinel([*addresses], sentinel_kwargs=asked, **options)  # type: ignore[no-untyped-call]  # as above


def _primary(url: SentinelUrl) -> RedisClient:
    asked = sentinels(url.sentinels, url.sentinel_login)
    return asked.master_for(url.name, connection_class=PrimaryConnection, **_options(), **url.login)


def _options() -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": SOCKET_SECONDS,
        # once: each repetition may repeat the connecting too, so a server that hangs costs up to 3 timeouts
        "retry": Retry(ExponentialWithJitterBackoff(base=0.25, cap=1), retries=1),
    }
