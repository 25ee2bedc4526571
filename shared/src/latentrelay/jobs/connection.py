"""The only place a Redis client is made."""

from typing import Any, TypeAlias

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings

RedisClient: TypeAlias = Any
"""A client with decoded responses. redis-py's own hints cover sync, async and bytes at once, and fit none of them."""

UNREACHABLE = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError)
"""What is raised while Redis cannot be reached, or takes no writes: worth waiting for."""

SOCKET_SECONDS = 5  # a half-open connection must never hang a client: all four options below, or none of them helps


def connect(settings: Settings) -> RedisClient:
    """A client for the configured Redis; it connects when first used.

    Raises:
        StackUnavailable: no Redis is configured, or its URL cannot be read.
    """
    if settings.redis_url is None:
        raise StackUnavailable("LATENTRELAY_REDIS_URL is not set and no stack was located.")
    try:
        return Redis.from_url(
            settings.redis_url.get_secret_value(),
            decode_responses=True,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            socket_keepalive=True,
            health_check_interval=SOCKET_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), retries=3),
        )
    except ValueError:  # redis-py's words quote the URL, which may hold a password
        raise StackUnavailable(
            "LATENTRELAY_REDIS_URL is no URL of a Redis, like redis://:password@host:6379/0."
        ) from None
