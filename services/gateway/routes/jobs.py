"""Jobs: submit, list, show, cancel, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from latentrelay.contracts import JobRequest, JobStatus, Kind, parse_request
from latentrelay.errors import InvalidRequest
from services.gateway.access import Reader, Submitter, documented
from services.gateway.body import json_body
from services.gateway.views import JobPageView, JobView, job_href, job_view

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]


@router.post("", status_code=202, response_model=JobView, responses=documented(404, 409, 422))
async def submit(
    caller: Submitter, body: Annotated[dict[str, Any], Depends(json_body)], idempotency_key: IdempotencyKey = None
) -> Response:
    """Submit a job."""
    request = asked(body, idempotency_key)
    job = await run_in_threadpool(caller.client.submit, request)
    return JSONResponse(job_view(job), 202, headers={"Location": job_href(job.id)})


@router.get("", response_model=JobPageView, responses=documented())
def list_jobs(
    caller: Reader,
    status: JobStatus | None = None,
    kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=250)] = 50,
    cursor: str | None = None,
) -> Response:
    """Jobs, newest first."""
    page = caller.client.list(status=status, kind=kind, limit=limit, cursor=cursor)
    return JSONResponse({"data": [job_view(job) for job in page.jobs], "next_cursor": page.next_cursor})


@router.get("/{job_id}", response_model=JobView, responses=documented(404))
def show(caller: Reader, job_id: str) -> Response:
    """A job as it stands."""
    return JSONResponse(job_view(caller.client.get(job_id)))


@router.post("/{job_id}/cancel", response_model=JobView, responses=documented(404))
def cancel(caller: Submitter, job_id: str) -> Response:
    """Cancel a job, whatever state it is in; one that has ended stays as it is."""
    return JSONResponse(job_view(caller.client.cancel(job_id)))


@router.delete("/{job_id}", status_code=204, responses=documented(404, 409))
def delete(caller: Submitter, job_id: str) -> Response:
    """Forget a job that has ended, and remove what it brought and made."""
    caller.client.delete(job_id)
    return Response(status_code=204)


def asked(body: dict[str, Any], idempotency_key: str | None) -> JobRequest:
    """The request in `body`, with the key of the header.

    Raises:
        InvalidRequest: a field is wrong, or the key is told twice and not alike.
    """
    if idempotency_key is None:
        return parse_request(body)
    if body.get("idempotency_key", idempotency_key) != idempotency_key:
        raise InvalidRequest.at("idempotency_key", "is not the Idempotency-Key of the header")
    return parse_request(body | {"idempotency_key": idempotency_key})


def caller_of(request: Request) -> Any:
    """The caller of a request that was let in."""
    return request.state.caller
