"""Liveness, readiness, metrics: without a key, and without a word about anybody's jobs."""

from typing import Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from latentrelay.contracts import Told
from latentrelay.errors import StackUnavailable
from services.gateway.access import gateway_of, problems_documented
from services.gateway.bounds.shared_call import SharedCall
from services.gateway.readiness import Readiness, readiness
from services.gateway.targets import Target

Answered = TypeVar("Answered")
SCRAPE_SECONDS = 30.0  # a Redis that hangs ends its own calls before

router = APIRouter(tags=["health"])


class Liveness(Told):
    """This process answers."""

    status: Literal["ok"]


@router.get("/livez", response_model=Liveness)
@router.head("/livez", name="livez_head", response_class=Response)
async def livez() -> Response:
    """Whether this process answers. Touches nothing."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready."}})
@router.head("/readyz", name="readyz_head", response_class=Response, responses={503: {"description": "Not ready."}})
async def readyz(request: Request) -> Response:
    """Whether Redis and the object store answer, and every stage that is wanted has a ready worker."""
    found = await readiness(gateway_of(request).looks)
    return JSONResponse(found.model_dump(mode="json"), 200 if found.ready else 503)


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **problems_documented(503)}
)
async def metrics(request: Request) -> Response:
    """For Prometheus. What Redis would tell is absent while it does not answer."""
    told = await _answered(gateway_of(request).scrapes)
    return Response(told, media_type=CONTENT_TYPE_LATEST)


@router.get("/metrics/targets", response_model=tuple[Target, ...], responses=problems_documented(503))
async def targets(request: Request) -> Response:
    """For Prometheus (`http_sd_configs`): where the workers that are alive tell their metrics."""
    found = await _answered(gateway_of(request).targets)
    return JSONResponse([target.model_dump() for target in found])


async def _answered(call: SharedCall[Answered]) -> Answered:
    try:
        return await call.answer(SCRAPE_SECONDS)
    except TimeoutError:
        raise StackUnavailable from None
