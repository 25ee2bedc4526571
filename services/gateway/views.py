"""What a job looks like over HTTP: the contract's Job, with links."""

from typing import Any

from latentrelay.contracts import ImageResult, Job, Progress, Role
from latentrelay.contracts.contract import Told


class ImageView(ImageResult):
    """One image, and where it is."""

    href: str
    """Answers with a redirect to a link that holds for 5 minutes; `?download=inline` with the file itself."""


class ProgressView(Progress):
    """How far the stage at work has come, and a picture of it."""

    preview_href: str | None = None
    """A small JPEG of what is being drawn; its place stays, its picture changes."""


class JobView(Job):
    """A job as `GET /v1/jobs/{id}` tells it."""

    href: str
    progress: ProgressView | None = None


class JobPageView(Told):
    """Some jobs, newest first."""

    data: tuple[JobView, ...]
    next_cursor: str | None
    """Brings the next page; null on the last."""


def job_href(job_id: str) -> str:
    """Where a job is, as a path."""
    return f"/v1/jobs/{job_id}"


def image_href(job_id: str, index: int, role: Role) -> str:
    """Where an image of a job is, as a path."""
    query = "" if role is Role.FINAL else f"?role={role}"
    return f"{job_href(job_id)}/images/{index}{query}"


def job_view(job: Job) -> dict[str, Any]:
    """`job` as JSON, with links."""
    told = job.model_dump(mode="json")
    for image in told["images"]:
        image["href"] = image_href(job.id, image["index"], Role(image["role"]))
    return told | {"href": job_href(job.id)}
