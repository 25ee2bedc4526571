"""Webhook endpoints, their messages and attempts as text for people. Pure."""

from collections.abc import Sequence
from datetime import datetime

from latentrelay.cli.tables import ago, moment, plain, table
from latentrelay.contracts import (
    Circuit,
    EndpointStatus,
    WebhookAttempt,
    WebhookBacklog,
    WebhookEndpoint,
    WebhookMessage,
)

_ENDPOINT_HEADS = ("ID", "TENANT", "URL", "EVENTS", "STATE", "FAILURES", "PENDING", "LAST DELIVERED")
_MESSAGE_HEADS = ("ID", "ENDPOINT", "TYPE", "JOB", "STATUS", "ATTEMPTS", "MADE", "NOT BEFORE")
_ATTEMPT_HEADS = ("NUMBER", "AT", "TOOK", "OUTCOME", "STATUS", "DETAIL", "ANSWER")


def is_well(endpoint: WebhookEndpoint) -> bool:
    """Whether an endpoint is sent what waits for it, and takes it."""
    return endpoint.status is EndpointStatus.ENABLED and not endpoint.failures and endpoint.retry_at is None


def state_of(endpoint: WebhookEndpoint) -> str:
    """How an endpoint fares: `enabled`, `disabled: gone`, `circuit open until 2030-01-01 12:00:00`."""
    if endpoint.status is EndpointStatus.DISABLED:
        return ": ".join(filter(None, ("disabled", (endpoint.disabled_reason or "").replace("_", " "))))
    if endpoint.retry_at is not None:
        spared = "circuit open" if endpoint.circuit is Circuit.OPEN else "spared"
        return f"{spared} until {moment(endpoint.retry_at)}"
    if endpoint.failing_since is not None:
        return f"failing since {moment(endpoint.failing_since)}"
    return "enabled"


def endpoints_table(endpoints: Sequence[WebhookEndpoint], now: datetime) -> str:
    """A line an endpoint."""
    return table([_ENDPOINT_HEADS, *(_endpoint(endpoint, now) for endpoint in endpoints)])


def _endpoint(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    counts = (str(endpoint.failures or ""), str(endpoint.pending or ""))
    url, events = plain(endpoint.url, most=60), ",".join(endpoint.events)
    return (
        endpoint.id,
        endpoint.tenant,
        url,
        events,
        state_of(endpoint),
        *counts,
        _ago(endpoint.last_delivered_at, now),
    )


def endpoint_story(endpoint: WebhookEndpoint, now: datetime) -> str:
    """All that is known of one endpoint."""
    told = {
        "ID": endpoint.id,
        "Tenant": endpoint.tenant,
        "URL": plain(endpoint.url),
        "Events": ", ".join(endpoint.events),
        "Description": plain(endpoint.description or ""),
        "At most": f"{endpoint.max_per_second} a second" if endpoint.max_per_second else "",
        "Public key": endpoint.public_key or "",
        "Made": moment(endpoint.created_at),
        "State": state_of(endpoint),
        "Failures": f"{endpoint.failures} in a row" if endpoint.failures else "",
        "Pending": str(endpoint.pending),
        "Last delivered": _ago(endpoint.last_delivered_at, now) or "never",
    }
    return table([(name, value) for name, value in told.items() if value])


def messages_table(messages: Sequence[WebhookMessage], now: datetime) -> str:
    """A line a message."""
    return table([_MESSAGE_HEADS, *(_message(message, now) for message in messages)])


def _message(message: WebhookMessage, now: datetime) -> tuple[str, ...]:
    due = moment(message.next_attempt_at) if message.next_attempt_at else ""
    about = (message.type, message.job_id or "", message.status, str(message.attempts))
    return (message.id, message.endpoint_id, *about, _ago(message.created_at, now), due)


def attempts_table(attempts: Sequence[WebhookAttempt]) -> str:
    """A line an attempt."""
    return table([_ATTEMPT_HEADS, *map(_attempt, attempts)])


def _attempt(attempt: WebhookAttempt) -> tuple[str, ...]:
    took = "" if attempt.seconds is None else f"{attempt.seconds:.2f} s"
    return (str(attempt.number), moment(attempt.started_at), took, *_what_came(attempt))


def attempt_line(attempt: WebhookAttempt) -> str:
    """What came of an attempt: `status, 500, 'no such order'`."""
    return ", ".join(filter(None, _what_came(attempt)))


def _what_came(attempt: WebhookAttempt) -> tuple[str, str, str, str]:
    answer = plain(ascii(attempt.answer), most=60) if attempt.answer else ""  # it may hold anything
    return (attempt.outcome, str(attempt.status or ""), plain(attempt.detail or "", most=120), answer)


def backlog_table(backlog: WebhookBacklog, now: datetime) -> str:
    """What waits, and for how long."""
    told = {
        "Outbox": counted(backlog.outbox, "event"),
        "Pending": counted(backlog.pending, "message"),
        "In flight": counted(backlog.in_flight, "message"),
        "Oldest due": _ago(backlog.oldest_due_at, now) or "none is due now",
    }
    return table([*told.items()])


def counted(number: int, what: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _ago(at: datetime | None, now: datetime) -> str:
    return f"{ago(now - at)} ago" if at else ""
