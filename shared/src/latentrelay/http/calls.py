"""Every call of the gateway's API, once for both clients: what is sent, and what its answer means. Pure."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TypeVar

from latentrelay.contracts import Estimate, Job, JobPage, JobRequest, JobStatus, Kind, Role, StageName
from latentrelay.errors import NotFound
from latentrelay.http.answers import SUCCESS, Answer, each, one
from latentrelay.http.call import Call

Told = TypeVar("Told")

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
JSON = {"Content-Type": "application/json"}
FILE_OR_LINK = (200, 302)
_FILE = {"Content-Type": "application/octet-stream"}


def submit(request: JobRequest) -> Call[Job]:
    """Submit a job, under an idempotency key of its own where it has none."""
    keyed = request.idempotency_key or uuid.uuid4().hex
    return _asking(request.model_copy(update={"idempotency_key": keyed}), one(Job), {})


def estimate(request: JobRequest) -> Call[Estimate]:
    """What a job would cost."""
    return _asking(request, one(Estimate), {"dry_run": "true"})


def get(job_id: str) -> Call[Job]:
    """A job as it stands."""
    return Call("GET", job_path(job_id), one(Job))


def listing(
    status: JobStatus | None, kind: Kind | None, stage: StageName | None, limit: int, cursor: str | None
) -> Call[JobPage]:
    """Jobs, newest first."""
    return Call("GET", "/v1/jobs", _page, query_of(status=status, kind=kind, stage=stage, limit=limit, cursor=cursor))


def cancel(job_id: str) -> Call[Job]:
    """Cancel a job."""
    return Call("POST", f"{job_path(job_id)}/cancel", one(Job))


def delete(job_id: str) -> Call[None]:
    """Forget a job. The second time it is not there, so it is not sent twice where the first may have been done."""
    return Call("DELETE", job_path(job_id), lambda _: None, is_repeatable=False)


def upload(data: bytes) -> Call[str]:
    """Store an image file. Twice, it would be there twice."""
    return Call("POST", "/v1/uploads", _upload_id, headers=_FILE, content=data, is_repeatable=False)


def image_or_link(job_id: str, index: int, role: Role) -> Call[bytes | str]:
    """The file of an image, or a link to the store that holds for minutes: the gateway knows which."""
    return Call("GET", f"{job_path(job_id)}/images/{index}", _body_or_link, _of(role), success=FILE_OR_LINK)


def linked(url: str) -> Call[bytes]:
    """What lies behind such a link. The key is none of the store's business."""
    return Call("GET", url, _body, is_ours=False)


def image(job_id: str, index: int, role: Role) -> Call[bytes]:
    """The file of an image, through the gateway."""
    return Call("GET", f"{job_path(job_id)}/images/{index}", _body, {"download": "inline", **_of(role)})


def preview(job_id: str) -> Call[bytes | None]:
    """A small JPEG of what is being drawn, if there is one."""
    return Call("GET", f"{job_path(job_id)}/preview", lambda answer: answer.body or None)


def events(job_id: str, after: str) -> Call[None]:
    """The stream of a job's events that follow the event `after`. It is read as it comes, not whole."""
    resumed = {"Last-Event-ID": after} if after != "0" else {}
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", **resumed}
    return Call("GET", f"{job_path(job_id)}/events", lambda _: None, headers=headers)


def query_of(**given: str | int | None) -> Mapping[str, str]:
    """What is given, as a query."""
    return {name: str(value) for name, value in given.items() if value is not None}


def job_path(job_id: str) -> str:
    """Where a job is.

    Raises:
        NotFound: no job has such an id.
    """
    if not ID.fullmatch(job_id):
        raise NotFound(f"There is no job {job_id!r:.80}.")
    return f"/v1/jobs/{job_id}"


def _asking(request: JobRequest, read: Callable[[Answer], Told], query: Mapping[str, str]) -> Call[Told]:
    """What is unset stays unsaid: its default is the server's."""
    told = request.model_dump(mode="json", include={"kind"}) | request.model_dump(mode="json", exclude_unset=True)
    return Call("POST", "/v1/jobs", read, query, JSON, json.dumps(told).encode())


def _of(role: Role) -> Mapping[str, str]:
    return {} if role is Role.FINAL else {"role": role}


def _body(answer: Answer) -> bytes:
    return answer.body


def _body_or_link(answer: Answer) -> bytes | str:
    return answer.body if answer.status in SUCCESS else answer.headers["location"]


def _page(answer: Answer) -> JobPage:
    return JobPage(each(Job)(answer), json.loads(answer.body)["next_cursor"])


def _upload_id(answer: Answer) -> str:
    return str(json.loads(answer.body)["upload_id"])
