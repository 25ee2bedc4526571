"""The door for those who are told: endpoints, their messages, and what waits."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Self

from latentrelay.contracts import (
    EndpointStatus,
    JobRequest,
    MessageStatus,
    NewWebhookEndpoint,
    WebhookAttempt,
    WebhookBacklog,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
    WebhookMessage,
    WebhookMessagePage,
)
from latentrelay.egress import Allowed
from latentrelay.errors import Conflict, Contradiction, InputUndecodable, UnsafeUrl
from latentrelay.jobs import RedisClient, Scripts, clock, door, keys
from latentrelay.settings import Settings
from latentrelay.webhooks.backlog import backlog
from latentrelay.webhooks.endpoints import Endpoints
from latentrelay.webhooks.library import WEBHOOKS
from latentrelay.webhooks.messages import Messages
from latentrelay.webhooks.outbox import Outbox
from latentrelay.webhooks.sealing import Seal
from latentrelay.webhooks.secret_keys import tenant_secrets
from latentrelay.webhooks.targets import URL_FIELD, Check, target_of, unsafe_at


class Webhooks:
    """Who is told what of jobs, and how that goes.

    Every method raises `StackUnavailable` while Redis is away.

    Args:
        redis: the client.
        settings: of the stack.
        check: what URLs are held against.
        tenant: on whose behalf endpoints are registered.
        confined: whether it sees no other tenant's; who is trusted with Redis sees them all.
    """

    def __init__(
        self, redis: RedisClient, settings: Settings, check: Check, *, tenant: str, confined: bool = False
    ) -> None:
        self._redis = redis
        self._settings = settings
        self._check = check
        self._tenant = tenant
        self._confined = confined
        scripts = Scripts(redis, settings.redis_replicas, WEBHOOKS)
        self._endpoints = Endpoints(
            redis,
            scripts,
            seal=partial(Seal.of, settings),
            check=partial(_checked, check, "url"),
            overlap_seconds=settings.webhook_rotation_seconds,
            tenant=tenant,
            confined=confined,
        )
        self._messages = Messages(redis, scripts, endpoint_of=self._endpoints.get, tenant=tenant, confined=confined)
        self._outbox = Outbox(redis, scripts, settings.webhook_message_seconds)

    def confined_to(self, tenant: str, *, sees_all: bool = False) -> Self:
        """The same on behalf of `tenant`: unless it `sees_all`, another's are not there."""
        return type(self)(self._redis, self._settings, self._check, tenant=tenant, confined=not sees_all)

    @door
    def create(self, wanted: NewWebhookEndpoint, *, tenant: str | None = None) -> WebhookEndpointSecret:
        """Register an endpoint. Its secret is told this once.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
            Conflict: its tenant has too many already.
            Unconfigured: no key is configured to seal its secret.
        """
        return self._endpoints.create(wanted, tenant)

    @door
    def list(self) -> tuple[WebhookEndpoint, ...]:
        """Every endpoint, newest first."""
        return self._endpoints.list()

    @door
    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """One endpoint.

        Raises:
            NotFound: there is no such endpoint. As for every method that takes the id of one.
        """
        return self._endpoints.get(endpoint_id)

    @door
    def change(self, endpoint_id: str, wanted: WebhookEndpointChange) -> WebhookEndpoint:
        """Change an endpoint; messages that wait for it go to its new URL.

        Raises:
            UnsafeUrl, InvalidRequest: its URL may not be sent to.
        """
        return self._endpoints.change(endpoint_id, wanted)

    @door
    def rotate(self, endpoint_id: str) -> WebhookEndpointSecret:
        """Give an endpoint a new secret, told this once. The old one signs beside it for a day.

        Raises:
            Unconfigured: no key is configured to seal its secret.
        """
        return self._endpoints.rotate(endpoint_id)

    @door
    def test(self, endpoint_id: str) -> WebhookMessage:
        """Send an endpoint an event of no job; the message tells how that goes.

        Raises:
            Conflict: it is disabled.
        """
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint.status is EndpointStatus.DISABLED:
            raise Conflict("This endpoint is disabled; enable it first.")
        return self._messages.get(self._outbox.post_trial(endpoint, clock.now(self._redis)))

    @door
    def enable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint its messages again, those that wait too, as if it had never failed."""
        return self._endpoints.enable(endpoint_id)

    @door
    def disable(self, endpoint_id: str) -> WebhookEndpoint:
        """Send an endpoint nothing; its messages wait."""
        return self._endpoints.enable(endpoint_id, enabled=False)

    @door
    def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint; messages that wait for it are dropped."""
        self._endpoints.remove(endpoint_id)
        self._messages.drop_all(endpoint_id)
        self._redis.delete(keys.due(endpoint_id))

    @door
    def recover(self, endpoint_id: str, since: datetime, until: datetime | None = None) -> int:
        """How many messages of a period that did not arrive are due again now, with all their tries before them."""
        return self._messages.recover(endpoint_id, since, until or clock.now(self._redis))

    @door
    def drop_all(self, endpoint_id: str) -> int:
        """How many messages waited for an endpoint and are sent no more."""
        return self._messages.drop_all(self._endpoints.get(endpoint_id).id)

    @door
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
        return self._messages.list(endpoint_id=endpoint_id, job_id=job_id, status=status, limit=limit, cursor=cursor)

    @door
    def message(self, message_id: str) -> WebhookMessage:
        """One message.

        Raises:
            NotFound: there is no such message, or it is no longer kept. As for every method that takes the id of one.
        """
        return self._messages.get(message_id)

    @door
    def attempts(self, message_id: str) -> tuple[WebhookAttempt, ...]:
        """The last attempts to deliver a message, in their order."""
        return self._messages.attempts(message_id)

    @door
    def resend(self, message_id: str) -> WebhookMessage:
        """Send a message again, now; one that was delivered, too. Its `webhook-id` stays.

        Raises:
            Conflict: it is being sent, or its endpoint is disabled.
        """
        return self._messages.resend(message_id)

    @door
    def drop(self, message_id: str) -> WebhookMessage:
        """Send a message no more.

        Raises:
            Conflict: it is not pending.
        """
        return self._messages.drop(message_id)

    @door
    def backlog(self) -> WebhookBacklog:
        """What waits to be told, of all endpoints of all tenants."""
        return backlog(self._redis)

    def tenant_secrets(self) -> Sequence[str]:
        """What webhooks to URLs under no registered endpoint are signed with, the newest first.

        Raises:
            Unconfigured: no key is configured that they are derived from.
        """
        return tenant_secrets(Seal.of(self._settings), self._tenant)

    def target_of(self, request: JobRequest) -> str:
        """The id of the endpoint that is told of a job; empty where it names no webhook of its own.

        Raises:
            InvalidRequest, UnsafeUrl: there is no such endpoint, or its URL may not be sent to.
            Unconfigured: its webhooks could not be signed, for want of a key.
        """
        if request.webhook is None:
            return ""
        Seal.of(self._settings)
        mine = self._endpoints if self._confined else self.confined_to(self._tenant)._endpoints
        known = mine.list() if request.webhook.url else mine.registered(request.webhook.endpoint_id or "")
        return target_of(
            request,
            self._tenant,
            known,
            allowed=Allowed.of(self._settings.webhook_allowed_hosts, self._settings.webhook_allowed_cidrs),
            any_url=self._settings.webhook_any_url,
            check=partial(_checked, self._check, URL_FIELD),
        )


def _checked(check: Check, field: str, url: str) -> None:
    """Hold a URL against the guard; what it finds is told of the field that names it."""
    try:
        check(url)
    except UnsafeUrl as error:
        raise unsafe_at(field, error) from None
    except InputUndecodable as error:  # its host is not known
        raise Contradiction.at(field, error.detail) from None
