"""What an attempt means for its message and its endpoint. Pure."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

from latentrelay.contracts import DisabledReason, MessageStatus, Outcome, WebhookEventType
from latentrelay.webhooks.deliveries import Verdict

JITTER = 0.2  # of each pause, either way: those that failed together do not come back together
UNSIGNABLE_SECONDS = 60.0
LONGEST_RETRY_AFTER = 36_000.0  # seconds, the longest pause of the schedule


def decide(
    outcome: Outcome,
    event: str,
    tries: int,
    *,
    schedule: Sequence[float],
    retry_after: float | None = None,
    is_own_url: bool = False,
    luck: float = 0.5,
) -> Verdict:
    """Whether the message is tried again, and what its endpoint is spared.

    Args:
        outcome: of the attempt.
        event: the type of the event; progress is tried once.
        tries: that its message had before.
        schedule: the pause before each try, in seconds.
        retry_after: seconds that the receiver asked for.
        is_own_url: whether the job named the URL; one that is gone says nothing of the endpoint.
        luck: from 0 to 1, where in the jitter the pause lies.
    """
    if outcome is Outcome.DELIVERED:
        return Verdict(MessageStatus.DELIVERED)
    if outcome is Outcome.UNSIGNABLE:  # the operator's to mend, and nobody's failure
        return Verdict(MessageStatus.PENDING, UNSIGNABLE_SECONDS, is_try=False, is_endpoints=False)
    if outcome is Outcome.GONE and is_own_url:
        return Verdict(MessageStatus.FAILED, is_endpoints=False)
    spare = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    disable = DisabledReason.GONE if outcome is Outcome.GONE else None
    is_endpoints = outcome is not Outcome.FAULT
    tried = tries + 1
    if tried >= len(schedule) or event == WebhookEventType.PROGRESS:
        return Verdict(MessageStatus.FAILED, 0, spare, disable, is_endpoints=is_endpoints)
    pause = schedule[tried] * (1 + JITTER * (2 * luck - 1))
    return Verdict(MessageStatus.PENDING, max(pause, spare), spare, disable, is_endpoints=is_endpoints)


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """What `Retry-After` (RFC 9110) asks for: seconds, or a date; None where it says nothing that can be read."""
    told = (retry_after or "").strip()
    if told.isdecimal():
        return float(told[:9])  # longer ones are bounded all the same
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, one without a zone, or one of another age
        return None


def outcome_of(status: int) -> Outcome:
    """What the status of an answer means: any 2xx is success, and redirects are not followed."""
    match status:
        case _ if 200 <= status < 300:  # noqa: PLR2004 -- HTTP's successes
            return Outcome.DELIVERED
        case _ if 300 <= status < 400:  # noqa: PLR2004 -- its redirects
            return Outcome.REDIRECT
        case 410:
            return Outcome.GONE
        case _:
            return Outcome.STATUS
