"""Every call of the gateway's API about webhooks, once for both clients. Pure.

What would answer otherwise the second time is not sent twice where the first may have been done.
"""

import json
from collections.abc import Callable
from datetime import datetime

from latentrelay.contracts import (
    Contract,
    MessageStatus,
    NewWebhookEndpoint,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
    WebhookMessage,
    WebhookMessagePage,
)
from latentrelay.errors import NotFound
from latentrelay.http.answers import Answer, each, one
from latentrelay.http.call import Call
from latentrelay.http.calls import ID, JSON, query_of

ENDPOINTS, MESSAGES = "/v1/webhook-endpoints", "/v1/webhook-messages"


def create(wanted: NewWebhookEndpoint) -> Call[WebhookEndpointSecret]:
    """Register an endpoint. Twice, it would be there twice."""
    read = one(WebhookEndpointSecret)
    return Call("POST", ENDPOINTS, read, headers=JSON, content=_said(wanted), is_repeatable=False)


def listing() -> Call[tuple[WebhookEndpoint, ...]]:
    """Every endpoint."""
    return Call("GET", ENDPOINTS, each(WebhookEndpoint))


def get(endpoint_id: str) -> Call[WebhookEndpoint]:
    """One endpoint."""
    return Call("GET", endpoint_path(endpoint_id), one(WebhookEndpoint))


def change(endpoint_id: str, wanted: WebhookEndpointChange) -> Call[WebhookEndpoint]:
    """Change an endpoint."""
    path, read = endpoint_path(endpoint_id), one(WebhookEndpoint)
    return Call("PATCH", path, read, headers=JSON, content=_said(wanted))


def rotate(endpoint_id: str) -> Call[WebhookEndpointSecret]:
    """Give an endpoint a new secret. Twice, the first one would be lost, and sign."""
    path = f"{endpoint_path(endpoint_id)}/secret/rotate"
    return Call("POST", path, one(WebhookEndpointSecret), is_repeatable=False)


def test(endpoint_id: str) -> Call[WebhookMessage]:
    """Send an endpoint an event of no job."""
    return Call("POST", f"{endpoint_path(endpoint_id)}/test", one(WebhookMessage), is_repeatable=False)


def enable(endpoint_id: str) -> Call[WebhookEndpoint]:
    """Send an endpoint its messages again."""
    return Call("POST", f"{endpoint_path(endpoint_id)}/enable", one(WebhookEndpoint))


def disable(endpoint_id: str) -> Call[WebhookEndpoint]:
    """Send an endpoint nothing."""
    return Call("POST", f"{endpoint_path(endpoint_id)}/disable", one(WebhookEndpoint))


def remove(endpoint_id: str) -> Call[None]:
    """Forget an endpoint."""
    return Call("DELETE", endpoint_path(endpoint_id), lambda _: None, is_repeatable=False)


def recover(endpoint_id: str, since: datetime, until: datetime | None) -> Call[int]:
    """Send an endpoint what did not arrive in a period."""
    path = f"{endpoint_path(endpoint_id)}/recover"
    period = {"since": _told(since), **({} if until is None else {"until": _told(until)})}
    content = json.dumps(period).encode()
    return Call("POST", path, _count("recovered"), headers=JSON, content=content, is_repeatable=False)


def drop_all(endpoint_id: str) -> Call[int]:
    """Send an endpoint nothing of what waits for it."""
    return Call("POST", f"{endpoint_path(endpoint_id)}/drop", _count("dropped"), is_repeatable=False)


def messages(
    endpoint_id: str | None, job_id: str | None, status: MessageStatus | None, limit: int, cursor: str | None
) -> Call[WebhookMessagePage]:
    """Messages, newest first."""
    query = query_of(endpoint_id=endpoint_id, job_id=job_id, status=status, limit=limit, cursor=cursor)
    return Call("GET", MESSAGES, one(WebhookMessagePage), query)


def message(message_id: str) -> Call[WebhookMessage]:
    """One message."""
    return Call("GET", message_path(message_id), one(WebhookMessage))


def attempts(message_id: str) -> Call[tuple[WebhookAttempt, ...]]:
    """The last attempts to deliver a message."""
    return Call("GET", f"{message_path(message_id)}/attempts", each(WebhookAttempt))


def resend(message_id: str) -> Call[WebhookMessage]:
    """Send a message again. Twice, it may be under way already."""
    return Call("POST", f"{message_path(message_id)}/resend", one(WebhookMessage), is_repeatable=False)


def drop(message_id: str) -> Call[WebhookMessage]:
    """Send a message no more. The second time it is not pending."""
    return Call("DELETE", message_path(message_id), one(WebhookMessage), is_repeatable=False)


def endpoint_path(endpoint_id: str) -> str:
    """Where an endpoint is.

    Raises:
        NotFound: none has such an id.
    """
    if not ID.fullmatch(endpoint_id):
        raise NotFound(f"There is no webhook endpoint {endpoint_id!r:.80}.")
    return f"{ENDPOINTS}/{endpoint_id}"


def message_path(message_id: str) -> str:
    """Where a message is.

    Raises:
        NotFound: none has such an id.
    """
    if not ID.fullmatch(message_id):
        raise NotFound(f"There is no webhook message {message_id!r:.80}.")
    return f"{MESSAGES}/{message_id}"


def _said(wanted: Contract) -> bytes:
    """What is unset stays unsaid: its default is the server's."""
    return wanted.model_dump_json(exclude_unset=True).encode()


def _told(moment: datetime) -> str:
    """One that names no zone is of this machine's, as for the direct client."""
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


def _count(name: str) -> Callable[[Answer], int]:
    return lambda answer: int(json.loads(answer.body)[name])
