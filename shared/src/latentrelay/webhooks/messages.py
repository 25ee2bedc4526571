"""Webhook messages: listed, looked into, resent, dropped."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from latentrelay.contracts import (
    EndpointStatus,
    MessageStatus,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookMessagePage,
)
from latentrelay.errors import Conflict, InvalidRequest, NotFound
from latentrelay.jobs import RedisClient, Scripts, keys
from latentrelay.jobs.pages import cursor_after, newest_first
from latentrelay.webhooks.records import Fields, to_attempts, to_message

MOST_LOOKED_AT = 1000  # messages that one page of a listing looks through for those that are wanted
PAGE = 100  # ids a script is given at once, so that it is short
READ = (
    *("id", "webhook_id", "type", "job_id", "endpoint", "tenant", "status", "attempt"),
    *("created_at", "due_at", "delivered_at", "ended_at"),
)

EndpointOf = Callable[[str], WebhookEndpoint]
"""The endpoint of an id, where it may be seen; raises NotFound."""


class Messages:
    """The messages in one Redis, as one tenant sees them.

    Args:
        redis: the client.
        scripts: of the webhooks.
        endpoint_of: finds endpoints.
        tenant: whose messages.
        confined: whether it sees no other tenant's.
    """

    def __init__(
        self, redis: RedisClient, scripts: Scripts, *, endpoint_of: EndpointOf, tenant: str, confined: bool
    ) -> None:
        self._redis = redis
        self._scripts = scripts
        self._endpoint_of = endpoint_of
        self._tenant = tenant
        self._confined = confined

    def list(
        self,
        *,
        endpoint_id: str | None = None,
        job_id: str | None = None,
        status: MessageStatus | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> WebhookMessagePage:
        """Messages, newest first. Where few of very many are wanted, a page may hold less and not be the last."""
        if not 1 <= limit <= 250:  # noqa: PLR2004  # as of every listing
            raise InvalidRequest.at("limit", f"must be an integer from 1 to 250, got {limit}")
        found: list[WebhookMessage] = []
        for looked_at, message in enumerate(self._newest_first(endpoint_id, job_id, cursor), start=1):
            if (
                self._sees(message.tenant)
                and status in (None, message.status)
                and endpoint_id in (None, message.endpoint_id)
            ):
                if len(found) == limit:
                    return WebhookMessagePage(data=tuple(found), next_cursor=cursor_after(found[-1]))
                found.append(message)
            if looked_at == MOST_LOOKED_AT:
                return WebhookMessagePage(data=tuple(found), next_cursor=cursor_after(message))
        return WebhookMessagePage(data=tuple(found), next_cursor=None)

    def get(self, message_id: str) -> WebhookMessage:
        """One message.

        Raises:
            NotFound: there is no such message, or it is no longer kept.
        """
        return to_message(self._record(message_id))

    def attempts(self, message_id: str) -> tuple[WebhookAttempt, ...]:
        """The last attempts to deliver a message, in their order.

        Raises:
            NotFound: as `get`.
        """
        return to_attempts(self._record(message_id))

    def resend(self, message_id: str) -> WebhookMessage:
        """Send a message again, now and with all its tries before it; one that was delivered, too.

        Raises:
            NotFound: there is no such message, or its endpoint was removed.
            Conflict: it is being sent, or its endpoint is disabled.
        """
        message = self.get(message_id)
        endpoint = self._endpoint_of(message.endpoint_id)
        if endpoint.status is EndpointStatus.DISABLED:
            raise Conflict("Its endpoint is disabled; enable that first.")
        due, _ = self._scripts.run("resend", "1", message.id, durable=True)
        if not due:
            raise Conflict("It is being sent right now.")
        return self.get(message_id)

    def recover(self, endpoint_id: str, since: datetime, until: datetime) -> int:
        """How many messages of a period that did not arrive are due again now, with all their tries before them.

        Raises:
            NotFound: there is no such endpoint.
        """
        self._endpoint_of(endpoint_id)
        lowest, highest = (moment.timestamp() * 1000 for moment in (since, until))
        ids = self._redis.zrange(keys.messages_to(endpoint_id), lowest, highest, byscore=True)
        return sum(self._scripts.run("resend", "", *some)[0] for some in _pages(ids))

    def drop(self, message_id: str) -> WebhookMessage:
        """Send a message no more.

        Raises:
            NotFound: there is no such message.
            Conflict: it is not pending.
        """
        message = self.get(message_id)
        if not self._scripts.run("drop", message.endpoint_id, message.id, durable=True):
            raise Conflict("It is not pending any more.")
        return self.get(message_id)

    def drop_all(self, endpoint_id: str) -> int:
        """How many messages waited for an endpoint and are sent no more."""
        waiting = self._redis.zrange(keys.due(endpoint_id), 0, -1)
        return sum(self._scripts.run("drop", endpoint_id, *some) for some in _pages(waiting))

    def _record(self, message_id: str) -> Fields:
        fields: Fields = self._redis.hgetall(keys.message(message_id)) if keys.is_id(message_id) else {}
        if "status" not in fields or not self._sees(fields["tenant"]):
            raise NotFound(
                "There is no such webhook message, or it is no longer kept; its id is WEBHOOK-ID_ENDPOINT-ID."
            )
        return fields

    def _newest_first(
        self, endpoint_id: str | None, job_id: str | None, cursor: str | None
    ) -> Iterator[WebhookMessage]:
        for ids in newest_first(self._redis, self._index(endpoint_id, job_id), cursor):
            with self._redis.pipeline(transaction=False) as pipe:
                for message_id in ids:
                    pipe.hmget(keys.message(message_id), *READ)
                rows = (dict(zip(READ, values, strict=True)) for values in pipe.execute())
            for fields in rows:
                if fields["status"] is not None:  # its index outlives it for a while
                    yield to_message({name: told for name, told in fields.items() if told})

    def _index(self, endpoint_id: str | None, job_id: str | None) -> str:
        for wanted, index in ((job_id, keys.messages_about), (endpoint_id, keys.messages_to)):
            if wanted is not None:
                return index(wanted)
        return keys.messages_of(self._tenant) if self._confined else keys.MESSAGES

    def _sees(self, tenant: str) -> bool:
        return not self._confined or tenant == self._tenant


def _pages(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    left = iter(ids)
    while some := tuple(islice(left, PAGE)):
        yield some
