"""Whether a call is sent again, and when. Pure, but for `chance`.

It is sent again where the server says that it did nothing, and where no connection came about. Where nobody knows what
became of it, it is if that does no harm: it reads, or brings an idempotency key, or does nothing the second time.
"""

import random
from http import HTTPStatus

from latentrelay.http.answers import Answer, Lost, Outcome

FIRST_SECONDS = 0.25  # the pause after the first attempt; doubles from one to the next
LONGEST_SECONDS = 8.0
PATIENCE_SECONDS = 60.0  # who is told to come back later than that is told so

_NOTHING_DONE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_WHO_KNOWS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)


def pause(outcome: Outcome, attempt: int, *, is_repeatable: bool, luck: float) -> float | None:
    """Seconds until attempt number `attempt` + 1, or None where there is to be none.

    Args:
        outcome: of the attempt.
        attempt: its number, from 1.
        is_repeatable: whether doing it twice does no harm.
        luck: from 0 to 1, drawn anew each time, so that those who were turned away do not come back together.
    """
    if not may_repeat(outcome, is_repeatable=is_repeatable):
        return None
    told = outcome.retry_after if isinstance(outcome, Answer) else None
    if told is not None:
        return told * (1 + luck / 4) if told <= PATIENCE_SECONDS else None
    return backoff(attempt, luck)


def may_repeat(outcome: Outcome, *, is_repeatable: bool) -> bool:
    """Whether another attempt may succeed, and does no harm."""
    match outcome:
        case Lost(is_unsent=is_unsent):
            return is_unsent or is_repeatable
        case Answer(status=status):
            return status in _NOTHING_DONE or (is_repeatable and status in _WHO_KNOWS)


def backoff(attempt: int, luck: float) -> float:
    """Seconds after so many attempts in vain: half of it certain, half by chance."""
    doubled: float = FIRST_SECONDS * 2 ** min(attempt - 1, 16)
    return min(doubled, LONGEST_SECONDS) * (1 + luck) / 2


def chance() -> float:
    """From 0 to 1."""
    return random.random()  # noqa: S311 - it spreads the load, and keeps no secret
