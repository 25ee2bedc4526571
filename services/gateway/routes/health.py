"""Liveness, readiness, metrics: without a key, and without a word about anybody's jobs."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from latentrelay.contracts import Told
from services.gateway.access import gateway_of
from services.gateway.readiness import Readiness

router = APIRouter(tags=["health"])


class Liveness(Told):
    """This process answers."""

    status: Literal["ok"]


@router.get("/livez", response_model=Liveness)
async def livez() -> Response:
    """Whether this process answers. Touches nothing."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready."}})
async def readyz(request: Request) -> Response:
    """Whether Redis and the object store answer, and every stage that is wanted has a ready worker."""
    found = await gateway_of(request).looks.readiness()
    return JSONResponse(found.model_dump(mode="json"), 200 if found.ready else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """For Prometheus. What Redis would tell is absent while it does not answer."""
    registry = gateway_of(request).metrics.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
