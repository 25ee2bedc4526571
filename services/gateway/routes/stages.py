"""Stages: what they do, and whether they take jobs."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from latentrelay.contracts import StageInfo, StageName, Told
from services.gateway.access import Administrator, Reader, documented
from services.gateway.views import listed

router = APIRouter(prefix="/v1/stages", tags=["operations"])


class StageList(Told):
    """Every stage."""

    data: tuple[StageInfo, ...]


@router.get("", response_model=StageList, responses=documented())
def list_stages(caller: Reader) -> Response:
    """Every stage, of all tenants: whether it takes jobs, what waits, and what it did lately."""
    return JSONResponse(listed(caller.client.stages()))


@router.get("/{stage}", response_model=StageInfo, responses=documented())
def show_stage(caller: Reader, stage: StageName) -> Response:
    """One stage: whether it takes jobs, what waits, and what it did lately."""
    return _told(caller.client.stage(stage))


@router.post("/{stage}/pause", response_model=StageInfo, responses=documented())
def pause_stage(caller: Administrator, stage: StageName) -> Response:
    """Give the workers of a stage no job; what they hold they finish, and what is submitted waits."""
    return _told(caller.client.pause(stage))


@router.post("/{stage}/drain", response_model=StageInfo, responses=documented())
def drain_stage(caller: Administrator, stage: StageName) -> Response:
    """Refuse jobs that would pass a stage (503, `queue_full`); those that were accepted are worked off."""
    return _told(caller.client.drain(stage))


@router.post("/{stage}/resume", response_model=StageInfo, responses=documented())
def resume_stage(caller: Administrator, stage: StageName) -> Response:
    """Let a stage take jobs and work on them, at once."""
    return _told(caller.client.resume(stage))


def _told(stage: StageInfo) -> Response:
    return JSONResponse(stage.model_dump(mode="json"))
