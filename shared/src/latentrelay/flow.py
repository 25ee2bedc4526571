"""The route of a job, as data: which stage comes first, and which after the one that is done. Pure."""

from latentrelay.contracts import Job, JobRequest, Refinement, RefineMode, StageName, TextToImage


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
    stages = route(job.request)
    following = stages[stages.index(job.stage) + 1 :] if job.stage in stages else ()
    return following[0] if following else None
