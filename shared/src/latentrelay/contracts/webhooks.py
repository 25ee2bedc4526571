"""Webhook endpoints, the messages that go to them, and every attempt to deliver one."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from latentrelay.contracts.contract import Contract, Id, Short, Told
from latentrelay.contracts.event_words import ENDS, EventWord, EventWords
from latentrelay.contracts.words import WebhookEventType

URL_LENGTH = 2048

Url = Annotated[str, StringConstraints(max_length=URL_LENGTH, pattern=r"^https?://")]
Rate = Annotated[int, Field(strict=True, ge=1, le=1000)]


class NewWebhookEndpoint(Contract):
    """What a receiver is registered with."""

    url: Url = Field(repr=False)
    """Where its webhooks are sent: https, on the public internet, unless the operator allows more."""
    events: EventWords = ENDS
    """What is told of jobs that name no webhook of their own."""
    description: Short | None = None
    """What it is for."""
    max_per_second: Rate | None = None
    """It is sent no more than so many a second; absent: as many as it takes, four at a time."""
    asymmetric: Annotated[bool, Field(strict=True)] = False
    """Sign with an Ed25519 key, too (`v1a`): who verifies by its public half can forge nothing."""


class WebhookEndpointChange(Contract):
    """What is to change of an endpoint; what is absent stays as it is."""

    url: Url | None = Field(None, repr=False)
    """Where its webhooks are sent."""
    events: EventWords | None = None
    """What is told of jobs that name no webhook of their own."""
    description: Short | None = None
    """What it is for; null: nothing."""
    max_per_second: Rate | None = None
    """It is sent no more than so many a second; null: as many as it takes."""


class EndpointStatus(StrEnum):
    """Whether an endpoint is sent anything. Messages of a disabled one wait until it is enabled, or too old."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint is sent nothing."""

    BY_HAND = "by_hand"
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing but failures, for days."""


class Circuit(StrEnum):
    """Whether an endpoint that failed again and again is spared for now."""

    CLOSED = "closed"
    OPEN = "open"
    """It is sent nothing until `retry_at`."""
    HALF_OPEN = "half_open"
    """One message at a time tries whether it is well again."""


class WebhookEndpoint(Told):
    """A receiver, and how it fares. Its secret is shown once, when it is made or rotated."""

    id: Id
    tenant: Id
    url: str = Field(repr=False)
    events: tuple[EventWord, ...] = ENDS
    description: str | None = None
    max_per_second: int | None = None
    public_key: str | None = None
    """What `v1a` is verified by: `whpk_...`; absent: it is not signed so."""
    created_at: datetime
    status: EndpointStatus = EndpointStatus.ENABLED
    disabled_reason: DisabledReason | None = None
    disabled_at: datetime | None = None
    circuit: Circuit = Circuit.CLOSED
    retry_at: datetime | None = None
    """Until then it is spared: its circuit is open, or it said `Retry-After`."""
    failures: int = 0
    """Attempts that failed in a row."""
    failing_since: datetime | None = None
    """The first of them."""
    last_delivered_at: datetime | None = None
    pending: int = 0
    """Messages that wait for it, or for another attempt."""


class WebhookEndpointSecret(WebhookEndpoint):
    """An endpoint, with the secret that its webhooks are signed with from now on. It is shown this once."""

    secret: str = Field(repr=False)
    """`whsec_` and base64."""


class MessageStatus(StrEnum):
    """`pending -> delivered | failed | dropped`; resent, it is pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Every attempt it had failed."""
    DROPPED = "dropped"


class WebhookMessage(Told):
    """One event on its way to one endpoint."""

    id: Id
    webhook_id: str
    """The header `webhook-id`: the same at every attempt, and for every endpoint of the event."""
    endpoint_id: Id
    tenant: Id
    type: WebhookEventType
    job_id: str | None = None
    """Absent: it tests the endpoint."""
    status: MessageStatus
    attempts: int
    """Made so far."""
    created_at: datetime
    next_attempt_at: datetime | None = None
    """Not before then; absent where no attempt is due."""
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    """When it was delivered, given up or dropped; absent while it is pending, and where an earlier release ended it."""


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    STATUS = "status"
    """It answered, not with 2xx."""
    REDIRECT = "redirect"
    """It answered with 3xx; redirects are not followed."""
    GONE = "gone"
    """It answered 410."""
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """It could not be connected to, or hung up."""
    TLS = "tls"
    """Its certificate does not hold."""
    UNSAFE_URL = "unsafe_url"
    """The egress guard refused its address."""
    UNSIGNABLE = "unsignable"
    """Its secret cannot be read: LATENTRELAY_WEBHOOK_KEY has changed."""
    FAULT = "fault"
    """Latent Relay itself failed; its log tells why."""
    LOST = "lost"
    """The process that made it was lost; whether it arrived, nobody knows."""


class WebhookAttempt(Told):
    """One attempt to deliver a message."""

    number: int
    started_at: datetime
    seconds: float | None = None
    outcome: Outcome
    status: int | None = None
    """The HTTP status that it answered with."""
    detail: str | None = None
    """What went wrong."""
    answer: str | None = None
    """The first KiB of what it answered."""


class WebhookMessagePage(Told):
    """Some messages, newest first."""

    data: tuple[WebhookMessage, ...]
    next_cursor: str | None
    """Brings the next page; null on the last."""


class WebhookBacklog(Told):
    """What waits to be told, of all endpoints."""

    outbox: int
    """Events that no message was made of yet."""
    pending: int
    """Messages that wait for an attempt."""
    in_flight: int
    oldest_due_at: datetime | None = None
    """Since when the message that has been due longest is due, at an endpoint that may be sent to."""
