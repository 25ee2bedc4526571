"""Webhooks over HTTP, for programs with an event loop."""

from datetime import datetime
from typing import Protocol, TypeVar

from latentrelay.contracts import (
    MessageStatus,
    NewWebhookEndpoint,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
    WebhookMessage,
    WebhookMessagePage,
)
from latentrelay.http import webhook_calls
from latentrelay.http.call import Call

Told = TypeVar("Told")


class AskAsync(Protocol):
    """Asks the gateway."""

    async def __call__(self, call: Call[Told]) -> Told:
        """What `call` is answered with."""


class AsyncWebhooksOverHttp:
    """`latentrelay.http.webhooks.WebhooksOverHttp` for programs with an event loop: the same methods, awaited.

    Args:
        ask: how the gateway is asked.
    """

    def __init__(self, ask: AskAsync) -> None:
        self._ask = ask

    async def create(self, wanted: NewWebhookEndpoint) -> WebhookEndpointSecret:
        """Register an endpoint of the tenant of this API key. Its secret is told this once.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
            Conflict: its tenant has too many already.
            StackUnavailable: no key is configured there to seal its secret.
        """
        return await self._ask(webhook_calls.create(wanted))

    async def list(self) -> tuple[WebhookEndpoint, ...]:
        """Every endpoint, newest first."""
        return await self._ask(webhook_calls.listing())

    async def get(self, endpoint_id: str) -> WebhookEndpoint:
        """One endpoint.

        Raises:
            NotFound: there is no such endpoint. As for every method that takes the id of one.
        """
        return await self._ask(webhook_calls.get(endpoint_id))

    async def change(self, endpoint_id: str, wanted: WebhookEndpointChange) -> WebhookEndpoint:
        """Change an endpoint; messages that wait for it go to its new URL.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
        """
        return await self._ask(webhook_calls.change(endpoint_id, wanted))

    async def rotate(self, endpoint_id: str) -> WebhookEndpointSecret:
        """Give an endpoint a new secret, told this once. The old one signs beside it for a day.

        Raises:
            StackUnavailable: no key is configured there to seal its secret.
        """
        return await self._ask(webhook_calls.rotate(endpoint_id))

    async def test(self, endpoint_id: str) -> WebhookMessage:
        """Send an endpoint an event of no job; the message tells how that goes.

        Raises:
            Conflict: it is disabled.
        """
        return await self._ask(webhook_calls.test(endpoint_id))

    async def enable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint its messages again, those that wait too, as if it had never failed."""
        return await self._ask(webhook_calls.enable(endpoint_id))

    async def disable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint nothing; its messages wait."""
        return await self._ask(webhook_calls.disable(endpoint_id))

    async def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint; messages that wait for it are dropped."""
        await self._ask(webhook_calls.remove(endpoint_id))

    async def recover(self, endpoint_id: str, since: datetime, until: datetime | None = None) -> int:
        """How many messages of a period that did not arrive are due again now, with all their tries before them."""
        return await self._ask(webhook_calls.recover(endpoint_id, since, until))

    async def drop_all(self, endpoint_id: str) -> int:
        """How many messages waited for an endpoint and are sent no more."""
        return await self._ask(webhook_calls.drop_all(endpoint_id))

    async def messages(
        self,
        *,
        endpoint_id: str | None = None,
        job_id: str | None = None,
        status: MessageStatus | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> WebhookMessagePage:
        """Messages, newest first, at most 250 a page."""
        return await self._ask(webhook_calls.messages(endpoint_id, job_id, status, limit, cursor))

    async def message(self, message_id: str) -> WebhookMessage:
        """One message.

        Raises:
            NotFound: there is no such message, or it is no longer kept. As for every method that takes the id of one.
        """
        return await self._ask(webhook_calls.message(message_id))

    async def attempts(self, message_id: str) -> tuple[WebhookAttempt, ...]:
        """The last attempts to deliver a message, in their order."""
        return await self._ask(webhook_calls.attempts(message_id))

    async def resend(self, message_id: str) -> WebhookMessage:
        """Send a message again, now; one that was delivered, too. Its `webhook-id` stays.

        Raises:
            Conflict: it is being sent, or its endpoint is disabled.
        """
        return await self._ask(webhook_calls.resend(message_id))

    async def drop(self, message_id: str) -> WebhookMessage:
        """Send a message no more.

        Raises:
            Conflict: it is not pending.
        """
        return await self._ask(webhook_calls.drop(message_id))
