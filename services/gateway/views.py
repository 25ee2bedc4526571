"""What a job looks like over HTTP: the contract's Job, with links.

The models here are for the document: what is sent is the contract's own JSON, with the links put in.
"""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import computed_field

from latentrelay.contracts import ImageResult, Job, Progress, Role, Told
from latentrelay.events import JobEvent, JobNews


class ImageView(ImageResult):
    """One image, and where it is."""

    href: str
    """Answers with a redirect to a link that holds for 5 minutes, or the file; `?download=inline`: with the file."""


class ProgressView(Progress):
    """How far the stage at work has come, and a picture of it."""

    preview_href: str | None = None
    """A small JPEG of what is being drawn; its place stays, its picture changes."""


class JobView(Job):
    """A job as `GET /v1/jobs/{id}` tells it."""

    href: str
    progress: ProgressView | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see through computed_field over property
    @property
    def images(self) -> tuple[ImageView, ...]:
        """Every image this job is to make, and whether it is ready."""
        return tuple(
            ImageView(**image.model_dump(), href=image_href(self.id, image.index, image.role))
            for image in super().images
        )


class JobPageView(Told):
    """Some jobs, newest first."""

    data: tuple[JobView, ...]
    next_cursor: str | None
    """Brings the next page; null on the last."""


class UploadView(Told):
    """An image file that was stored."""

    upload_id: str
    """Names it in a request: `{"image": {"upload_id": ...}}`."""
    bytes: int
    sha256: str


class JobEventView(JobEvent):
    """Something that happened to a job, as its stream of events tells it."""

    progress: ProgressView | None = None


class JobNewsView(JobNews):
    """Something that happened to one of all jobs, as their stream of events tells it."""

    progress: ProgressView | None = None


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
    return told | {"href": job_href(job.id), "progress": _progress_view(job.id, job.progress)}


def listed(rows: Iterable[Told]) -> dict[str, Any]:
    """`rows` as JSON."""
    return {"data": [row.model_dump(mode="json") for row in rows]}


def event_view(event: JobEvent) -> str:
    """`event` as a line of JSON, with a link to the picture where there is one."""
    told = event.model_dump(mode="json", exclude_none=True)
    if event.progress is not None:
        told["progress"] = _progress_view(event.job_id, event.progress)
    return json.dumps(told)


def news_view(news: JobNews) -> str:
    """`news` as a line of JSON."""
    told = news.model_dump(mode="json", exclude_none=True)
    return json.dumps(told | {"progress": _progress_view(news.job_id, news.progress)})


def _progress_view(job_id: str, progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    href = f"{job_href(job_id)}/preview" if progress.preview is not None else None
    return {**progress.model_dump(mode="json"), "preview_href": href}
