"""Endpoints, messages and attempts as Redis holds them, and as they are read. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from latentrelay.contracts import (
    Circuit,
    DisabledReason,
    EndpointStatus,
    MessageStatus,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)
from latentrelay.jobs.record import moment

Fields = Mapping[str, str]

ATTEMPT = "attempt:"


def to_endpoint(fields: Fields, pending: int, now: datetime) -> WebhookEndpoint:
    """The endpoint that a record tells, as it fares at `now`."""
    reason = fields.get("disabled_reason")
    spared_until = _latest(fields, "spared_until")
    retry_at = _latest(fields, "spared_until", "asked_until")
    return WebhookEndpoint(
        **_told(fields, "id", "tenant", "url", "description", "public_key", "max_per_second"),
        events=tuple(filter(None, fields.get("events", "").split(","))),
        created_at=moment(fields["created_at"]),
        status=EndpointStatus.ENABLED if fields.get("enabled") == "1" else EndpointStatus.DISABLED,
        disabled_reason=DisabledReason(reason) if reason else None,
        disabled_at=moment(fields.get("disabled_at")),
        circuit=_circuit(fields, spared_until, now),
        retry_at=retry_at if retry_at and retry_at > now else None,
        failures=int(fields.get("failures", 0)),
        failing_since=moment(fields.get("failing_since")),
        last_delivered_at=moment(fields.get("last_delivered_at")),
        pending=pending,
    )


def to_message(fields: Fields) -> WebhookMessage:
    """The message that a record tells."""
    return WebhookMessage(
        **_told(fields, "id", "webhook_id", "tenant", "type", "job_id"),
        endpoint_id=fields["endpoint"],
        status=MessageStatus(fields["status"]),
        attempts=int(fields["attempt"]),
        created_at=moment(fields["created_at"]),
        next_attempt_at=moment(fields.get("due_at")),
        delivered_at=moment(fields.get("delivered_at")),
        ended_at=moment(fields.get("ended_at")),
    )


def to_attempts(fields: Fields) -> tuple[WebhookAttempt, ...]:
    """The attempts that a message's record remembers, the first one first."""
    told = (json.loads(value) for name, value in fields.items() if name.startswith(ATTEMPT))
    return tuple(sorted(map(_attempt, told), key=lambda attempt: attempt.number))


def _attempt(told: dict[str, Any]) -> WebhookAttempt:
    return WebhookAttempt.model_validate(told | {"started_at": moment(told["started_at"])})


def from_attempt(attempt: WebhookAttempt) -> str:
    """An attempt as records hold it."""
    told = attempt.model_dump(mode="json", exclude_none=True)
    return json.dumps(told | {"started_at": round(attempt.started_at.timestamp() * 1000)})


def _circuit(fields: Fields, spared_until: datetime | None, now: datetime) -> Circuit:
    if not int(fields.get("opened", 0)):
        return Circuit.CLOSED
    return Circuit.OPEN if spared_until and spared_until > now else Circuit.HALF_OPEN


def _latest(fields: Fields, *names: str) -> datetime | None:
    return max((moment(fields[name]) for name in names if fields.get(name)), default=None)


def _told(fields: Fields, *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names if fields.get(name)}
