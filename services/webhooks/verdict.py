"""What an attempt means for its message and its endpoint. Pure."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

from latentrelay.contracts import DisabledReason, MessageStatus, Outcome, WebhookEventType
from latentrelay.webhooks.deliveries import Verdict

JITTER = 0.2  # of each pause, either way: those that failed together do not come back together
LONGEST_RETRY_AFTER = 36_000.0  # seconds, the longest pause of the schedule


def decide(
    outcome: Outcome,
    event: str,
    tries: int,
    *,
    schedule: Sequence[float],
    retry_after: float | None = None,
    luck: float = 0.5,
) -> Verdict:
    """Whether the message is tried again, and what its endpoint is spared.

    Args:
        outcome: of the attempt.
        event: the type of the event; progress is tried once.
        tries: that its message had before.
        schedule: the pause before each try, in seconds.
        retry_after: seconds that the receiver asked for.
        luck: from 0 to 1, where in the jitter the pause lies.
    """
    if outcome is Outcome.DELIVERED:
        return Verdict(MessageStatus.DELIVERED)
    spare = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    disable = DisabledReason.GONE if outcome is Outcome.GONE else None
    tried = tries + 1
    if tried >= len(schedule) or event == WebhookEventType.PROGRESS:
        return Verdict(MessageStatus.FAILED, spare_seconds=spare, disable=disable)
    pause = schedule[tried] * (1 + JITTER * (2 * luck - 1))
    return Verdict(MessageStatus.PENDING, max(pause, spare), spare, disable)


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """What `Retry-After` (RFC 9110) asks for: seconds, or a date; None where it says nothing that can be read."""
    told = (retry_after or "").strip()
    if told.isdecimal():
        return float(told[:9])  # longer ones are bounded all the same
    try:
        return max(0.0, (parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
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
