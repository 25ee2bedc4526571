"""A stack whose webhooks may go to this machine, and what its sender would do, done by hand."""

from datetime import UTC, datetime
from typing import Any

import httpx2
from pydantic import SecretStr

from latentrelay.contracts import MessageStatus, Outcome, WebhookAttempt
from latentrelay.jobs import Scripts, connect
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Deliveries, Verdict
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.outbox import Outbox
from tests.gateway.asking import ASK

RECEIVER = "http://127.0.0.1:9/hooks"  # allowed by its name; nobody is asked for its address, and nobody listens
ENDPOINTS, MESSAGES = "/v1/webhook-endpoints", "/v1/webhook-messages"


def telling(settings: Settings) -> Settings:
    """The same stack, able to sign webhooks, and to send them to this machine."""
    hosts = frozenset({"127.0.0.1", "localhost"})
    return settings.model_copy(update={"webhook_key": SecretStr("k" * 32), "webhook_allowed_hosts": hosts})


def registered(http: httpx2.Client, **fields: Any) -> dict[str, Any]:
    """An endpoint that was registered just now, with its secret."""
    answer = http.post(ENDPOINTS, json={"url": RECEIVER, **fields})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def canceled(http: httpx2.Client, settings: Settings, **fields: Any) -> str:
    """The id of a job that was canceled, and of which every message is made."""
    job = http.post("/v1/jobs", json={**ASK, **fields}).json()
    assert http.post(f"{job['href']}/cancel").status_code == 200
    with connect(settings) as redis:
        outbox = Outbox(redis, Scripts(redis, library=WEBHOOKS), settings.webhook_message_seconds)
        for row in outbox.rows(100):
            outbox.post(row)
    return str(job["id"])


def attempted(settings: Settings, status: MessageStatus) -> None:
    """An attempt of the message that has been due longest, after which it has `status`."""
    outcome = Outcome.DELIVERED if status is MessageStatus.DELIVERED else Outcome.TIMEOUT
    with connect(settings) as redis:
        deliveries = Deliveries.of(redis, settings)
        (delivery,) = deliveries.take(1).deliveries
        attempt = WebhookAttempt(number=delivery.attempt, started_at=datetime.now(UTC), seconds=0.1, outcome=outcome)
        deliveries.settle(delivery, attempt, Verdict(status))
