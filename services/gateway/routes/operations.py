"""Queues, workers, capabilities, and the whole at one moment."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from latentrelay.contracts import Overview, QueueInfo, Told, WebhookBacklog, WorkerInfo
from services.gateway.access import Reader, documented, gateway_of
from services.gateway.capabilities import Capabilities, capabilities
from services.gateway.views import listed

router = APIRouter(prefix="/v1", tags=["operations"])


class QueueList(Told):
    """The queue of every stage."""

    data: tuple[QueueInfo, ...]


class WorkerList(Told):
    """Every worker that is alive."""

    data: tuple[WorkerInfo, ...]


@router.get("/queues", response_model=QueueList, responses=documented())
def queues(caller: Reader) -> Response:
    """How much waits for each stage, of all tenants, and since when."""
    return JSONResponse(listed(caller.client.queues()))


@router.get("/workers", response_model=WorkerList, responses=documented())
def workers(caller: Reader) -> Response:
    """Who works, with what model, and on what; the ids of jobs that are not the caller's are absent."""
    return JSONResponse(listed(caller.client.workers()))


@router.get("/capabilities", name="capabilities", response_model=Capabilities, responses=documented())
def show_capabilities(request: Request, caller: Reader) -> Response:
    """What may be asked now, and by this caller."""
    told = capabilities(gateway_of(request).settings, caller.client.workers(), caller)
    return JSONResponse(told.model_dump(mode="json"))


@router.get("/overview", response_model=Overview, responses=documented())
def overview(caller: Reader) -> Response:
    """The whole stack at this moment, of all tenants: stages, jobs, how they ended lately, webhooks, dead letters."""
    return JSONResponse(caller.client.overview().model_dump(mode="json"))


@router.get("/webhook-backlog", response_model=WebhookBacklog, responses=documented())
def webhook_backlog(caller: Reader) -> Response:
    """What waits to be told, of all endpoints of all tenants."""
    return JSONResponse(caller.client.webhook_backlog().model_dump(mode="json"))
