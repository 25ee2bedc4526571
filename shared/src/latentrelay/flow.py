"""The route of a job, as data: which stage comes first, and which after the one that is done. Pure."""

from collections.abc import Iterator, Sequence

from latentrelay.contracts import ArtifactKind, Job, JobRequest, Refinement, RefineMode, Role, StageName, TextToImage

Owed = tuple[ArtifactKind, Role | None, int]
"""An artifact that a stage is to make: its kind, its role where it is an image, and which image of the job."""


def route(request: JobRequest) -> tuple[StageName, ...]:
    """The stages a request passes, in order."""
    if isinstance(request, TextToImage):
        refined = request.refine.mode is not RefineMode.NONE
        return (StageName.SDXL_BASE, StageName.SDXL_REFINER) if refined else (StageName.SDXL_BASE,)
    if isinstance(request, Refinement):
        return (StageName.SDXL_REFINER,)
    return (StageName.UNCLIP_VARIATION,)


def advance(job: Job) -> StageName | None:
    """The stage after the one `job` is in, or None where that was the last."""
    return next_in(route(job.request), job.stage)


def next_in(stages: Sequence[StageName], stage: StageName) -> StageName | None:
    """The stage after `stage`, or None where that is the last of `stages`."""
    later = stages[stages.index(stage) + 1 :] if stage in stages else ()
    return later[0] if later else None


def earlier(job: Job) -> StageName | None:
    """The stage before the one `job` is in, or None where that is the first."""
    stages = route(job.request)
    place = stages.index(job.stage) if job.stage in stages else 0
    return stages[place - 1] if place else None


def owed(job: Job) -> Iterator[Owed]:
    """What the stage that `job` is in is to make."""
    draws = job.stage is StageName.SDXL_BASE
    for index in range(job.count):
        if draws:
            yield ArtifactKind.LATENTS, None, index
        if draws and isinstance(job.request, TextToImage) and job.request.keeps_base:
            yield ArtifactKind.IMAGE, Role.BASE, index
        if advance(job) is None:
            yield ArtifactKind.IMAGE, Role.FINAL, index


def unmade(job: Job) -> tuple[int, ...]:
    """The images of which the stage that `job` is in has not made everything yet: an earlier attempt may have."""
    made = {(told.kind, told.role, told.index) for told in job.artifacts if told.stage is job.stage}
    return tuple(sorted({index for kind, role, index in owed(job) if (kind, role, index) not in made}))
