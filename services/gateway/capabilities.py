"""What may be asked of this stack now, and by the caller. Pure."""

from collections.abc import Iterable

from latentrelay.contracts import (
    MAX_DATA_URI,
    MAX_PIXELS,
    ImageFormat,
    Kind,
    Quotas,
    RefineMode,
    Scheduler,
    Scope,
    StageName,
    Told,
    WorkerInfo,
)
from latentrelay.settings import Settings
from services.gateway.access import Caller


class RequestLimits(Told):
    """What one request may bring and ask for."""

    output_pixels: int
    """Of one image."""
    input_bytes: int
    """Of an image file."""
    input_pixels: int
    data_uri_bytes: int


class StageCapability(Told):
    """What a stage can do now."""

    stage: StageName
    workers: int
    """With their model loaded."""
    models: tuple[dict[str, str], ...]
    """Those that they serve: name, revision, dtype, device."""


class CallerCapability(Told):
    """What the caller may do."""

    tenant: str
    scopes: tuple[Scope, ...]
    quotas: Quotas | None
    """Absent where no key is needed."""


class Capabilities(Told):
    """What may be asked; the ranges of all fields are in the document, /openapi.json."""

    kinds: tuple[Kind, ...] = tuple(Kind)
    schedulers: tuple[Scheduler, ...] = tuple(Scheduler)
    refine_modes: tuple[RefineMode, ...] = tuple(RefineMode)
    formats: tuple[ImageFormat, ...] = tuple(ImageFormat)
    limits: RequestLimits
    stages: tuple[StageCapability, ...]
    caller: CallerCapability


def capabilities(settings: Settings, workers: Iterable[WorkerInfo], caller: Caller) -> Capabilities:
    """What may be asked of a stack with these `settings` and `workers`, by `caller`."""
    serving = [worker for worker in workers if worker.state.takes_jobs]
    return Capabilities(
        limits=RequestLimits(
            output_pixels=MAX_PIXELS,
            input_bytes=settings.max_input_bytes,
            input_pixels=settings.max_input_pixels,
            data_uri_bytes=MAX_DATA_URI,
        ),
        stages=tuple(_stage(stage, [one for one in serving if one.stage is stage]) for stage in StageName),
        caller=CallerCapability(
            tenant=caller.tenant,
            scopes=tuple(sorted(caller.scopes)),
            quotas=caller.admission.key.quotas if caller.admission else None,
        ),
    )


def _stage(stage: StageName, workers: list[WorkerInfo]) -> StageCapability:
    models = {tuple(sorted(worker.model.items())): worker.model for worker in workers}
    return StageCapability(stage=stage, workers=len(workers), models=tuple(models.values()))
