"""Webhooks over HTTP."""

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


class Ask(Protocol):
    """Asks the gateway."""

    def __call__(self, call: Call[Told]) -> Told:
        """What `call` is answered with."""


class WebhooksOverHttp:
    """Who is told what of jobs, and how that goes: the methods of the direct client's `webhooks`.

    Args:
        ask: how the gateway is asked.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def create(self, wanted: NewWebhookEndpoint) -> WebhookEndpointSecret:
        """Register an endpoint of the tenant of this API key. Its secret is told this once.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
            Conflict: its tenant has too many already.
            StackUnavailable: no key is configured there to seal its secret.
        """
        return self._ask(webhook_calls.create(wanted))

    def list(self) -> tuple[WebhookEndpoint, ...]:
        """Every endpoint, newest first."""
        return self._ask(webhook_calls.listing())

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """One endpoint.

        Raises:
            NotFound: there is no such endpoint. As for every method that takes the id of one.
        """
        return self._ask(webhook_calls.get(endpoint_id))

    def change(self, endpoint_id: str, wanted: WebhookEndpointChange) -> WebhookEndpoint:
        """Change an endpoint; messages that wait for it go to its new URL.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
        """
        return self._ask(webhook_calls.change(endpoint_id, wanted))

    def rotate(self, endpoint_id: str) -> WebhookEndpointSecret:
        """Give an endpoint a new secret, told this once. The old one signs beside it for a day.

        Raises:
            StackUnavailable: no key is configured there to seal its secret.
        """
        return self._ask(webhook_calls.rotate(endpoint_id))

    def test(self, endpoint_id: str) -> WebhookMessage:
        """Send an endpoint an event of no job; the message tells how that goes.

        Raises:
            Conflict: it is disabled.
        """
        return self._ask(webhook_calls.test(endpoint_id))

    def enable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint its messages again, those that wait too, as if it had never failed."""
        return self._ask(webhook_calls.enable(endpoint_id))

    def disable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint nothing; its messages wait."""
        return self._ask(webhook_calls.disable(endpoint_id))

    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint; messages that wait for it are dropped."""
        self._ask(webhook_calls.remove(endpoint_id))

    def recover(self, endpoint_id: str, since: datetime, until: datetime | None = None) -> int:
        """How many messages of a period that did not arrive are due again now, with all their tries before them."""
        return self._ask(webhook_calls.recover(endpoint_id, since, until))

    def drop_all(self, endpoint_id: str) -> int:
        """How many messages waited for an endpoint and are sent no more."""
        return self._ask(webhook_calls.drop_all(endpoint_id))

    def messages(
        self,
        *,
        endpoint_id: str | None = None,
        job_id: str | None = None,
        status: MessageStatus | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> WebhookMessagePage:
        """Messages, newest first, at most 250 a page."""
        return self._ask(webhook_calls.messages(endpoint_id, job_id, status, limit, cursor))

    def message(self, message_id: str) -> WebhookMessage:
        """One message.

        Raises:
            NotFound: there is no such message, or it is no longer kept. As for every method that takes the id of one.
        """
        return self._ask(webhook_calls.message(message_id))

    def attempts(self, message_id: str) -> tuple[WebhookAttempt, ...]:
        """The last attempts to deliver a message, in their order."""
        return self._ask(webhook_calls.attempts(message_id))

    def resend(self, message_id: str) -> WebhookMessage:
        """Send a message again, now; one that was delivered, too. Its `webhook-id` stays.

        Raises:
            Conflict: it is being sent, or its endpoint is disabled.
        """
        return self._ask(webhook_calls.resend(message_id))

    def drop(self, message_id: str) -> WebhookMessage:
        """Send a message no more.

        Raises:
            Conflict: it is not pending.
        """
        return self._ask(webhook_calls.drop(message_id))
