"""Dead letters: jobs that used up their attempts and messages that nobody can read, with the reason."""

import json

from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient

MAX_LETTERS = 10_000
EXCERPT = 2000  # of a message nobody can read, enough to see who wrote it


def bury_message(redis: RedisClient, queue: str, reason: str, body: object) -> None:
    """Keep a message that cannot be worked on, with the reason."""
    text = body if isinstance(body, str) else json.dumps(body, default=repr)
    letter = {"what": "message", "queue": queue, "reason": reason, "body": text[:EXCERPT]}
    redis.xadd(keys.DEAD, letter, maxlen=MAX_LETTERS, approximate=True)


def dead_letters(redis: RedisClient, limit: int = 100) -> tuple[dict[str, str], ...]:
    """The newest dead letters, newest first."""
    return tuple(fields for _, fields in redis.xrevrange(keys.DEAD, count=limit))
