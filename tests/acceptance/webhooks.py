"""What tests of webhooks do again and again, through the client's own doors."""

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from latentrelay import TextToImage
from latentrelay.client import Client
from latentrelay.contracts import (
    MessageStatus,
    NewWebhookEndpoint,
    Outcome,
    WebhookEndpointSecret,
)
from latentrelay.settings import Settings
from tests.processes import until
from tests.receivers import Came

SECRETIVE = "a lighthouse that nobody may hear of"

QUICK = (0.0, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2)


def on_this_machine(settings: Settings) -> Settings:
    """Receivers on this machine are allowed; pauses are short."""
    return settings.model_copy(
        update={
            "webhook_key": SecretStr("k" * 32),
            "webhook_allowed_hosts": frozenset({"127.0.0.1", "localhost"}),
            "webhook_schedule_seconds": QUICK,
            "webhook_circuit_seconds": 0.2,
            "webhook_metrics_port": 0,
        }
    )


def registered(client: Client, url: str, tenant: str | None = None, **wanted: Any) -> WebhookEndpointSecret:
    return client.webhooks.create(NewWebhookEndpoint(**{"url": url, **wanted}), tenant=tenant)


def ended(client: Client, count: int = 1, **asked: Any) -> list[str]:
    """Ids of jobs that were canceled: each is an event."""
    ids = [client.submit(TextToImage(prompt=SECRETIVE, **asked)).id for _ in range(count)]
    for job_id in ids:
        client.cancel(job_id)
    return ids


def all_are(
    client: Client, status: MessageStatus, count: int = 1, endpoint_id: str | None = None
) -> Callable[[], bool]:
    """Whether there are so many messages, each of that status."""

    def are() -> bool:
        found = client.webhooks.messages(endpoint_id=endpoint_id, limit=250).data
        return len(found) == count and {message.status for message in found} == {status}

    return are


def delivered(client: Client, count: int = 1, endpoint_id: str | None = None) -> None:
    until(all_are(client, MessageStatus.DELIVERED, count, endpoint_id), f"{count} are delivered")


def in_order(came: Came) -> tuple[int, str, bool]:
    """What happened when: progress is no move, and has the sequence of the last one."""
    told = came.event
    return told["data"]["sequence"], told["timestamp"], told["type"] == "job.progress"


def outcomes(client: Client) -> list[Outcome]:
    """Of every attempt of the newest message."""
    return [attempt.outcome for attempt in client.webhooks.attempts(client.webhooks.messages().data[0].id)]


def failed_once(client: Client) -> None:
    until(lambda: bool(client.webhooks.messages().data) and bool(outcomes(client)), "an attempt has failed")
