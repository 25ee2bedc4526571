"""Webhook messages: listed, looked into, sent again, dropped."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from latentrelay.contracts import MessageStatus, Told, WebhookAttempt, WebhookMessage, WebhookMessagePage
from services.gateway.access import Reader, Submitter, documented
from services.gateway.parameters import ID, Cursor, Limit, MessageId
from services.gateway.views import listed

router = APIRouter(prefix="/v1/webhook-messages", tags=["webhooks"])

ToEndpoint = Annotated[str | None, Query(pattern=ID, description="Those to this endpoint.")]
OfJob = Annotated[str | None, Query(pattern=ID, description="Those of this job.")]


class WebhookAttemptList(Told):
    """The last attempts to deliver a message, in their order."""

    data: tuple[WebhookAttempt, ...]


@router.get("", response_model=WebhookMessagePage, responses=documented())
def list_messages(
    *,
    caller: Reader,
    endpoint_id: ToEndpoint = None,
    job_id: OfJob = None,
    status: MessageStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Messages, newest first. Where few of very many are wanted, a page may hold less and not be the last."""
    page = caller.client.webhooks.messages(
        endpoint_id=endpoint_id, job_id=job_id, status=status, limit=limit, cursor=cursor
    )
    return JSONResponse(page.model_dump(mode="json"))


@router.get("/{message_id}", response_model=WebhookMessage, responses=documented(404))
def show_message(caller: Reader, message_id: MessageId) -> Response:
    """One message, and what became of it."""
    return JSONResponse(caller.client.webhooks.message(message_id).model_dump(mode="json"))


@router.get("/{message_id}/attempts", response_model=WebhookAttemptList, responses=documented(404))
def list_attempts(caller: Reader, message_id: MessageId) -> Response:
    """The last attempts to deliver a message, in their order."""
    return JSONResponse(listed(caller.client.webhooks.attempts(message_id)))


@router.post("/{message_id}/resend", status_code=202, response_model=WebhookMessage, responses=documented(404, 409))
def resend_message(caller: Submitter, message_id: MessageId) -> Response:
    """Send a message again, now; one that was delivered, too. Its `webhook-id` stays."""
    return JSONResponse(caller.client.webhooks.resend(message_id).model_dump(mode="json"), 202)


@router.delete("/{message_id}", response_model=WebhookMessage, responses=documented(404, 409))
def drop_message(caller: Submitter, message_id: MessageId) -> Response:
    """Send a message no more; it stays listed, as dropped."""
    return JSONResponse(caller.client.webhooks.drop(message_id).model_dump(mode="json"))
