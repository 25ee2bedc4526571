"""Endpoints, messages and deliveries on a real Valkey, without a process that sends: tests settle what they take."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import SecretStr

from latentrelay.contracts import (
    MessageStatus,
    NewWebhookEndpoint,
    Outcome,
    TextToImage,
    WebhookAttempt,
    WebhookEndpointSecret,
    WebhookTarget,
)
from latentrelay.jobs import Jobs, RedisClient, Scripts, connect
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Circuit, Deliveries, Delivery, Verdict
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from latentrelay.webhooks.webhooks import Webhooks

KEY = SecretStr("k" * 32)
DELIVERED = Verdict(MessageStatus.DELIVERED)
AGAIN = Verdict(MessageStatus.PENDING)
LATER = replace(AGAIN, delay_seconds=3600)
_NUMBERS = count()


@dataclass
class Bench:
    """Everything but the sender."""

    settings: Settings
    redis: RedisClient
    webhooks: Webhooks
    outbox: Outbox

    @classmethod
    def of(cls, settings: Settings) -> "Bench":
        redis = connect(settings)
        webhooks = Webhooks(redis, settings, lambda _: None, tenant="default")
        scripts = Scripts(redis, library=WEBHOOKS)
        return cls(settings, redis, webhooks, Outbox(redis, scripts, settings.webhook_message_seconds))

    def deliveries(self, *, lease: float = 60, opening: float = 60, failing: float = 3600) -> Deliveries:
        return Deliveries(self.redis, Circuit(opening, failing), lease)

    def endpoint(self, tenant: str = "default", **wanted: Any) -> WebhookEndpointSecret:
        return self.webhooks.create(NewWebhookEndpoint(**{"url": "https://hooks.example/in", **wanted}), tenant=tenant)

    def ended(self, tenant: str = "default", told_to: str = "", **webhook: Any) -> str:
        """The id of a job that was canceled; its end is in the outbox where somebody wants to know."""
        asked = TextToImage(prompt="a cat", seed=1, webhook=WebhookTarget(**webhook) if webhook else None)
        job_id = f"job{next(_NUMBERS)}"
        jobs = Jobs(self.redis, tenant=tenant)
        jobs.submit(job_id, asked, asked, told_to=told_to)
        jobs.cancel(job_id)
        return job_id

    def relayed(self) -> list[str]:
        """The ids of the messages that were made of all that is in the outbox."""
        posted: list[str] = []
        while rows := [*self.outbox.rows(1)]:
            posted += self.outbox.post(*rows)
        return posted

    def messages(self, count: int = 1, tenant: str = "default") -> list[str]:
        for _ in range(count):
            self.ended(tenant)
        return self.relayed()


def settle(deliveries: Deliveries, delivery: Delivery, verdict: Verdict, outcome: Outcome = Outcome.STATUS) -> None:
    if verdict.status is MessageStatus.DELIVERED:
        outcome = Outcome.DELIVERED
    record = WebhookAttempt(number=delivery.attempt, started_at=datetime.now(UTC), seconds=0.1, outcome=outcome)
    deliveries.settle(delivery, record, verdict)
