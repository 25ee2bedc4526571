"""The one clock that all processes share."""

from datetime import UTC, datetime

from latentrelay.jobs.connection import RedisClient


def now(redis: RedisClient) -> datetime:
    """The time, as Redis has it."""
    return told(*redis.time())


def told(seconds: int, microseconds: int) -> datetime:
    """What Redis answers to TIME."""
    return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
