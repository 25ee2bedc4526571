"""Dead letters: what nobody could finish, queued again or let go."""

from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from latentrelay.client import Client
from latentrelay.contracts import DeadLetter, Told
from services.gateway.access import Administrator, documented, gateway_of
from services.gateway.parameters import Limit
from services.gateway.views import JobView, job_href, job_view, listed

router = APIRouter(prefix="/v1/dead-letters", tags=["operations"])

LetterId = Annotated[str, Path(pattern=r"^[0-9]{1,19}-[0-9]{1,19}$", description="The id of a dead letter.")]


class DeadLetterList(Told):
    """Dead letters, newest first."""

    data: tuple[DeadLetter, ...]


@router.get("", response_model=DeadLetterList, responses=documented())
def list_letters(caller: Administrator, limit: Limit = 50) -> Response:
    """Jobs that used up their attempts and messages that nobody can read, of all tenants, newest first."""
    return JSONResponse(listed(caller.client.dead_letters(limit)))


@router.get("/{letter_id}", response_model=DeadLetter, responses=documented(404))
def show_letter(caller: Administrator, letter_id: LetterId) -> Response:
    """One dead letter: what it tells of, and the reason."""
    return JSONResponse(caller.client.dead_letter(letter_id).model_dump(mode="json"))


@router.post("/{letter_id}/requeue", status_code=202, response_model=JobView, responses=documented(404, 409))
def requeue_letter(request: Request, caller: Administrator, letter_id: LetterId) -> Response:
    """Make a new job that asks for the same, for the same tenant, and drop the letter."""
    with _counted(request, caller.client, letter_id):
        job = caller.client.requeue(letter_id)
    request.state.job_id = job.id  # for the log
    return JSONResponse(job_view(job), 202, headers={"Location": job_href(job.id)})


@router.delete("/{letter_id}", status_code=204, responses=documented(404))
def drop_letter(caller: Administrator, letter_id: LetterId) -> Response:
    """Forget a dead letter; the job that it tells of stays as it is."""
    caller.client.drop_dead_letter(letter_id)
    return Response(status_code=204)


def _counted(request: Request, client: Client, letter_id: str) -> AbstractContextManager[None]:
    """Counts a submission inside; a message that nobody can read is none."""
    job_id = client.dead_letter(letter_id).job_id
    return nullcontext() if job_id is None else gateway_of(request).metrics.submitting(client.get(job_id).request)
