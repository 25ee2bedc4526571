"""Webhook endpoints: registered, changed, given new secrets, tested, enabled, disabled, forgotten."""

from contextlib import nullcontext

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from latentrelay.contracts import (
    NewWebhookEndpoint,
    Told,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointSecret,
    WebhookMessage,
)
from services.gateway.access import Reader, Submitter, documented
from services.gateway.body import contract_body
from services.gateway.bounds.places import places_of
from services.gateway.parameters import EndpointId
from services.gateway.views import listed
from services.gateway.webhook_bodies import WebhookRecovery, body_of

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"])


class WebhookEndpointList(Told):
    """Webhook endpoints, newest first."""

    data: tuple[WebhookEndpoint, ...]


class WebhooksRecovered(Told):
    """How many messages are due again."""

    recovered: int


class WebhooksDropped(Told):
    """How many messages are sent no more."""

    dropped: int


@router.post(
    "",
    status_code=201,
    response_model=WebhookEndpointSecret,
    responses=documented(408, 409, 422),
    openapi_extra=body_of(NewWebhookEndpoint),
)
async def create_endpoint(request: Request, caller: Submitter) -> Response:
    """Register an endpoint. Its secret is told this once."""
    wanted = await contract_body(request, NewWebhookEndpoint)
    async with places_of(request).held(caller.tenant):  # it is as slow as the server that knows its host
        made = await run_in_threadpool(caller.client.webhooks.create, wanted)
    headers = {"Location": f"{router.prefix}/{made.id}"}
    return JSONResponse(made.model_dump(mode="json"), 201, headers=headers)


@router.get("", response_model=WebhookEndpointList, responses=documented())
def list_endpoints(caller: Reader) -> Response:
    """Every endpoint, newest first, and how it fares."""
    return JSONResponse(listed(caller.client.webhooks.list()))


@router.get("/{endpoint_id}", response_model=WebhookEndpoint, responses=documented(404))
def show_endpoint(caller: Reader, endpoint_id: EndpointId) -> Response:
    """One endpoint, and how it fares."""
    return _told(caller.client.webhooks.get(endpoint_id))


@router.patch(
    "/{endpoint_id}",
    response_model=WebhookEndpoint,
    responses=documented(404, 408, 409, 422),
    openapi_extra=body_of(WebhookEndpointChange),
)
async def change_endpoint(request: Request, caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Change an endpoint; messages that wait for it go to its new URL."""
    wanted = await contract_body(request, WebhookEndpointChange)
    async with nullcontext() if wanted.url is None else places_of(request).held(caller.tenant):
        return _told(await run_in_threadpool(caller.client.webhooks.change, endpoint_id, wanted))


@router.delete("/{endpoint_id}", status_code=204, responses=documented(404))
def delete_endpoint(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Forget an endpoint; messages that wait for it are dropped."""
    caller.client.webhooks.remove(endpoint_id)
    return Response(status_code=204)


@router.post("/{endpoint_id}/secret/rotate", response_model=WebhookEndpointSecret, responses=documented(404, 409))
def rotate_secret(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Give an endpoint a new secret, told this once. The old one signs beside it for a day."""
    return _told(caller.client.webhooks.rotate(endpoint_id))


@router.post("/{endpoint_id}/test", status_code=202, response_model=WebhookMessage, responses=documented(404, 409))
def test_endpoint(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Send an endpoint an event of no job; its message tells how that goes."""
    return _told(caller.client.webhooks.test(endpoint_id), 202)


@router.post("/{endpoint_id}/enable", response_model=WebhookEndpoint, responses=documented(404))
def enable_endpoint(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Send an endpoint its messages again, those that wait too, as if it had never failed."""
    return _told(caller.client.webhooks.enable(endpoint_id))


@router.post("/{endpoint_id}/disable", response_model=WebhookEndpoint, responses=documented(404))
def disable_endpoint(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Send an endpoint nothing; its messages wait."""
    return _told(caller.client.webhooks.disable(endpoint_id))


@router.post(
    "/{endpoint_id}/recover",
    response_model=WebhooksRecovered,
    responses=documented(404, 408, 422),
    openapi_extra=body_of(WebhookRecovery),
)
async def recover_messages(request: Request, caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Send an endpoint what did not arrive in a period, with all its tries before it."""
    period = await contract_body(request, WebhookRecovery)
    count = await run_in_threadpool(caller.client.webhooks.recover, endpoint_id, period.since, period.until)
    return _told(WebhooksRecovered(recovered=count))


@router.post("/{endpoint_id}/drop", response_model=WebhooksDropped, responses=documented(404))
def drop_messages(caller: Submitter, endpoint_id: EndpointId) -> Response:
    """Send an endpoint nothing of what waits for it."""
    return _told(WebhooksDropped(dropped=caller.client.webhooks.drop_all(endpoint_id)))


def _told(told: Told, status: int = 200) -> Response:
    return JSONResponse(told.model_dump(mode="json"), status)
