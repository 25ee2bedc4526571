"""Jobs: submit, list, show, cancel, delete."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from latentrelay.client import Submission
from latentrelay.contracts import Estimate, Job, JobRequest, JobStatus, Kind, StageName, Timeline, parse_request
from latentrelay.errors import NotFound, StackUnavailable, Unauthorized
from services.gateway.access import Caller, Reader, Submitter, documented, gateway_of
from services.gateway.body import json_body, may_be_long
from services.gateway.bounds.places import places_of, waits_for_others
from services.gateway.bounds.store_threads import store_threads_of
from services.gateway.following import ended
from services.gateway.parameters import Cursor, IdempotencyKey, JobId, Limit, Prefer, wait_seconds, with_key
from services.gateway.revocation import is_admitted
from services.gateway.schemas import JOB_BODY
from services.gateway.views import JobPageView, JobView, job_href, job_view

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

AT_ONCE = 8  # requests that are large or wait for somebody else's server: in memory, and as slow as that is
OF_ONE_TENANT = 2  # of them
PATIENCE_SECONDS = 10.0  # of the others, before they are told to come back

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
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Submit a job: 202, or 200 when it was waited for and has ended; 200 too for what a dry run tells."""
    if dry_run:
        async with _taken_in(request, caller, idempotency_key) as wanted:
            estimate = await run_in_threadpool(caller.client.estimate, wanted)
        return JSONResponse(estimate.model_dump(mode="json"))
    made = await _submitted(request, caller, idempotency_key)
    headers = {"Location": job_href(made.job.id)} | ({"Idempotent-Replayed": "true"} if made.is_replayed else {})
    try:
        job, applied = await held_back(request, caller, made.job, prefer)
    except (StackUnavailable, NotFound):  # it was recorded: who hears something else submits it again
        job, applied = made.job, {}
    status = 200 if applied and job.status.is_terminal else 202
    return JSONResponse(job_view(job), status, headers=headers | applied)


@router.get("", response_model=JobPageView, responses=documented())
def list_jobs(
    *,
    caller: Reader,
    status: JobStatus | None = None,
    kind: Kind | None = None,
    stage: StageName | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs, newest first."""
    page = caller.client.list(status=status, kind=kind, stage=stage, limit=limit, cursor=cursor)
    return JSONResponse({"data": [job_view(job) for job in page.jobs], "next_cursor": page.next_cursor})


@router.get("/{job_id}", response_model=JobView, responses=documented(404))
async def show(request: Request, caller: Reader, job_id: JobId, prefer: Prefer = None) -> Response:
    """A job as it stands, or as it has ended where that is waited for."""
    found = await run_in_threadpool(caller.client.get, job_id)
    job, applied = await held_back(request, caller, found, prefer)
    return JSONResponse(job_view(job), headers=applied)


@router.get("/{job_id}/timeline", response_model=Timeline, responses=documented(404))
def show_timeline(caller: Reader, job_id: JobId) -> Response:
    """Where the time of a job went: what it waited for, every attempt and its worker, the webhooks that tell of it."""
    return JSONResponse(caller.client.timeline(job_id).model_dump(mode="json"))


@router.post("/{job_id}/cancel", response_model=JobView, responses=documented(404))
def cancel(caller: Submitter, job_id: JobId) -> Response:
    """Cancel a job, whatever state it is in; one that has ended stays as it is."""
    return JSONResponse(job_view(caller.client.cancel(job_id)))


@router.delete("/{job_id}", status_code=204, responses=documented(404, 409))
async def delete(request: Request, caller: Submitter, job_id: JobId) -> Response:
    """Forget a job that has ended, and remove what it brought and made."""
    await store_threads_of(request).run(caller.client.delete, job_id)
    return Response(status_code=204)


def asked(body: dict[str, Any], idempotency_key: str | None) -> JobRequest:
    """The request in `body`, with the key of the header.

    Raises:
        InvalidRequest: a field is wrong.
        Contradiction: the key is told twice, and not alike.
    """
    return parse_request(with_key(body, idempotency_key))


async def _submitted(request: Request, caller: Caller, idempotency_key: str | None) -> Submission:
    """The job that was made. What was asked for, which may be large, is not kept while that is waited for."""
    async with _taken_in(request, caller, idempotency_key) as wanted:
        with gateway_of(request).metrics.submitting(wanted):
            made = await run_in_threadpool(caller.client.submission, wanted)
    request.state.job_id = made.job.id  # for the log
    return made


@asynccontextmanager
async def _taken_in(request: Request, caller: Caller, idempotency_key: str | None) -> AsyncIterator[JobRequest]:
    """What is asked for. It holds a place while it is large, or somebody else's server decides how long it takes.

    Raises:
        InvalidRequest: a field is wrong.
        InputTooLarge, TooSlow: it has too many bytes, or they come too slowly.
        QueueFull: there was no place for too long.
    """
    places = places_of(request)
    async with AsyncExitStack() as held:
        is_long = may_be_long(request.headers)
        if is_long:
            await held.enter_async_context(places.held(caller.tenant))
        wanted = await json_body(request, lambda body: asked(body, idempotency_key))
        if waits_for_others(wanted, gateway_of(request).settings) and not is_long:
            await held.enter_async_context(places.held(caller.tenant))
        yield wanted


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
