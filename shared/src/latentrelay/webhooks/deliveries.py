"""The door for those who send: messages that are due, and what came of them."""

from dataclasses import dataclass
from typing import Any, Self

from latentrelay.contracts import DisabledReason, MessageStatus, WebhookAttempt
from latentrelay.jobs import RedisClient, Scripts
from latentrelay.settings import Settings
from latentrelay.tracing import TraceContext
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.records import from_attempt

OPENING = 5  # failures in a row that open a circuit
LONGEST_OPEN_MS = 3_600_000
LEASE = 2  # times as long as an attempt may take: the rest is for saying what came of it, while Redis is away


@dataclass(frozen=True)
class Delivery:
    """One attempt of one message, held by a lease. (message, attempt) is the fencing token."""

    message_id: str
    webhook_id: str
    type: str
    job_id: str
    attempt: int
    tries: int
    """Attempts whose outcome is known, since the message was posted or resent."""
    url: str
    is_own_url: bool
    """Whether the job named it; else it is the endpoint's."""
    endpoint_id: str
    tenant: str
    secrets: str
    """As the endpoint's record holds them; empty where it was not registered."""
    body: bytes
    trace: TraceContext | None = None
    """That of its job; None where there is none."""


@dataclass(frozen=True)
class Taken:
    """What was due, and for how long nothing more will be; None: until something happens."""

    deliveries: tuple[Delivery, ...]
    seconds: float | None


@dataclass(frozen=True)
class Verdict:
    """What an attempt means for its message and its endpoint."""

    status: MessageStatus
    """PENDING: it is tried again after `delay_seconds`."""
    delay_seconds: float = 0
    spare_seconds: float = 0
    """The endpoint asked to be sent nothing for so long."""
    disable: DisabledReason | None = None
    is_try: bool = True
    """Whether it is one of the tries that the message has."""
    is_endpoints: bool = True
    """Whether it tells how the endpoint fares."""


@dataclass(frozen=True)
class Circuit:
    """When an endpoint is spared, and when it is given up."""

    open_seconds: float
    """At first; each time twice as long, up to an hour."""
    failing_seconds: float
    """Of nothing but failures, before it is disabled."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The circuit as `settings` want it."""
        return cls(settings.webhook_circuit_seconds, settings.webhook_disable_seconds)


class Deliveries:
    """Hands out what is due, and takes what came of it.

    Args:
        redis: the client.
        circuit: of every endpoint.
        lease_seconds: whoever says nothing of a message for so long has lost it.
    """

    def __init__(self, redis: RedisClient, circuit: Circuit, lease_seconds: float) -> None:
        self._scripts = Scripts(redis, library=WEBHOOKS)
        self._circuit = circuit
        self._lease_ms = round(lease_seconds * 1000)

    @classmethod
    def of(cls, redis: RedisClient, settings: Settings) -> Self:
        """The deliveries as `settings` want them."""
        return cls(redis, Circuit.of(settings), LEASE * settings.webhook_seconds)

    def take(self, most: int) -> Taken:
        """At most so many messages that are due: of every endpoint one, before any has a second."""
        wait_ms, *taken = self._scripts.run("take", most, self._lease_ms)
        return Taken(tuple(_delivery(*one) for one in taken), None if wait_ms < 0 else wait_ms / 1000)

    def settle(self, delivery: Delivery, attempt: WebhookAttempt, verdict: Verdict) -> DisabledReason | None:
        """Say what came of an attempt; why its endpoint is disabled by this, if it is.

        A word that comes late, when the lease has run out, changes nothing.
        """
        _, reason = self._scripts.run(
            "settle",
            delivery.message_id,
            delivery.endpoint_id,
            delivery.tenant,
            delivery.attempt,
            from_attempt(attempt),
            verdict.status,
            round(verdict.delay_seconds * 1000),
            "1" if verdict.is_try else "",
            _fared(verdict),
            round(verdict.spare_seconds * 1000),
            verdict.disable or "",
            OPENING,
            round(self._circuit.open_seconds * 1000),
            LONGEST_OPEN_MS,
            round(self._circuit.failing_seconds * 1000),
        )
        return DisabledReason(reason) if reason else None


def _fared(verdict: Verdict) -> str:
    if not verdict.is_endpoints:
        return "none"
    return "delivered" if verdict.status is MessageStatus.DELIVERED else "failed"


def _delivery(message: list[Any], endpoint: list[Any]) -> Delivery:
    message_id, webhook_id, kind, job_id, attempt, tries, body, url, traceparent = message
    endpoint_id, tenant, its_url, sealed = endpoint
    return Delivery(
        message_id=message_id,
        webhook_id=webhook_id,
        type=kind,
        job_id=job_id,
        attempt=int(attempt),
        tries=int(tries),
        url=url or its_url,
        is_own_url=bool(url),
        endpoint_id=endpoint_id,
        tenant=tenant,
        secrets=sealed or "",
        body=body.encode(),
        trace=TraceContext.read(traceparent),
    )
