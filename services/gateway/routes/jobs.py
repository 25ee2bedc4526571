"""Jobs: submit, list, show, cancel, delete."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from latentrelay.contracts import Estimate, Job, JobRequest, JobStatus, Kind, Refinement, Variation, parse_request
from latentrelay.errors import Unauthorized
from latentrelay.jobs.pages import CURSOR
from services.gateway.access import Caller, Reader, Submitter, documented, gateway_of
from services.gateway.body import json_body
from services.gateway.following import ended
from services.gateway.parameters import IdempotencyKey, JobId, Prefer, wait_seconds, with_key
from services.gateway.revocation import is_admitted
from services.gateway.schemas import JOB_BODY
from services.gateway.views import JobPageView, JobView, job_href, job_view

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Answered = TypeVar("Answered")

AT_ONCE = 8  # submissions whose image comes from elsewhere, each in memory, and as slow as that is

Cursor = Annotated[str | None, Query(pattern=CURSOR, description="`next_cursor` of the page before.")]
DryRun = Annotated[bool, Query(description="Make no job: tell what it would cost, and whether it would be taken.")]


@router.post(
    "",
    status_code=202,
    response_model=JobView,
    responses={200: {"model": JobView | Estimate}, **documented(404, 408, 409, 422)},
    openapi_extra=JOB_BODY,
)
async def submit(
    *,
    request: Request,
    caller: Submitter,
    body: Annotated[dict[str, Any], Depends(json_body)],
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Submit a job: 202, or 200 when it was waited for and has ended; 200 too for what a dry run tells."""
    wanted = asked(body, idempotency_key)
    if dry_run:
        estimate = await _asked_of_stack(request, caller.client.estimate, wanted)
        return JSONResponse(estimate.model_dump(mode="json"))
    with gateway_of(request).metrics.submitting(wanted):
        made = await _asked_of_stack(request, caller.client.submission, wanted)
    headers = {"Location": job_href(made.job.id)} | ({"Idempotent-Replayed": "true"} if made.is_replayed else {})
    job, applied = await held_back(request, caller, made.job, prefer)
    status = 200 if applied and job.status.is_terminal else 202
    return JSONResponse(job_view(job), status, headers=headers | applied)


@router.get("", response_model=JobPageView, responses=documented())
def list_jobs(
    caller: Reader,
    status: JobStatus | None = None,
    kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=250)] = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs, newest first."""
    page = caller.client.list(status=status, kind=kind, limit=limit, cursor=cursor)
    return JSONResponse({"data": [job_view(job) for job in page.jobs], "next_cursor": page.next_cursor})


@router.get("/{job_id}", response_model=JobView, responses=documented(404))
async def show(request: Request, caller: Reader, job_id: JobId, prefer: Prefer = None) -> Response:
    """A job as it stands, or as it has ended where that is waited for."""
    found = await run_in_threadpool(caller.client.get, job_id)
    job, applied = await held_back(request, caller, found, prefer)
    return JSONResponse(job_view(job), headers=applied)


@router.post("/{job_id}/cancel", response_model=JobView, responses=documented(404))
def cancel(caller: Submitter, job_id: JobId) -> Response:
    """Cancel a job, whatever state it is in; one that has ended stays as it is."""
    return JSONResponse(job_view(caller.client.cancel(job_id)))


@router.delete("/{job_id}", status_code=204, responses=documented(404, 409))
def delete(caller: Submitter, job_id: JobId) -> Response:
    """Forget a job that has ended, and remove what it brought and made."""
    caller.client.delete(job_id)
    return Response(status_code=204)


def asked(body: dict[str, Any], idempotency_key: str | None) -> JobRequest:
    """The request in `body`, with the key of the header.

    Raises:
        InvalidRequest: a field is wrong.
        Contradiction: the key is told twice, and not alike.
    """
    return parse_request(with_key(body, idempotency_key))


def brings_image(wanted: JobRequest) -> bool:
    """Whether the image that is asked for must come from outside first."""
    image = wanted.image if isinstance(wanted, Refinement | Variation) else None
    return image is not None and (image.url or image.data_uri) is not None


async def _asked_of_stack(request: Request, ask: Callable[[JobRequest], Answered], wanted: JobRequest) -> Answered:
    """In a thread: where somebody else's server decides how long that takes, in one of few, beside all others."""
    limiter = request.app.state.bringing if brings_image(wanted) else None
    return await to_thread.run_sync(ask, wanted, limiter=limiter)


async def held_back(request: Request, caller: Caller, job: Job, prefer: str | None) -> tuple[Job, dict[str, str]]:
    """The job when it has ended, or as it stands when it was waited for long enough; and what of `prefer` was done.

    Raises:
        Unauthorized: the caller's key was revoked meanwhile.
    """
    gateway = gateway_of(request)
    seconds = wait_seconds(prefer, gateway.settings.max_wait_seconds)
    if seconds is None:
        return job, {}
    if not job.status.is_terminal:
        job = await ended(caller.client, gateway.hub, job.id, seconds)
        if not await run_in_threadpool(is_admitted, gateway, caller):
            raise Unauthorized
    return job, {"Preference-Applied": f"wait={seconds}"}
