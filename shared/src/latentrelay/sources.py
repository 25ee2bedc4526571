"""Bring what a request reads into the store before it is recorded: no pixels in messages, no fetching on a GPU."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from latentrelay.contracts import (
    MAX_DATA_URI,
    Artifact,
    ArtifactKind,
    Continue,
    ImageSource,
    Job,
    JobImage,
    JobRequest,
    Refinement,
    RefineMode,
    StageName,
    TextToImage,
    Variation,
)
from latentrelay.errors import (
    Conflict,
    Contradiction,
    FieldProblem,
    InputTooLarge,
    InputUndecodable,
    LatentRelayError,
    NotFound,
    PermanentError,
)
from latentrelay.retention import Retention
from latentrelay.uploads import Uploads, upload_id

Check = Callable[[str], None]
Fetch = Callable[[str], bytes]
Find = Callable[[str], Job]


class Sources:
    """Knows where an image may come from: an upload, a URL, a data URI, an earlier job.

    Args:
        uploads: where images lie that came from outside.
        check: raises where a URL may not be fetched.
        fetch: brings what a URL holds.
        find: the jobs that may be read.
        retention: how long what they made is kept.
    """

    def __init__(self, uploads: Uploads, check: Check, fetch: Fetch, find: Find, retention: Retention) -> None:
        self._uploads = uploads
        self._check = check
        self._fetch = fetch
        self._find = find
        self._retention = retention

    def bring(self, request: JobRequest, job_id: str) -> tuple[JobRequest, tuple[Artifact, ...]]:
        """The request as it is recorded, and the artifacts its first stage reads.

        Raises:
            NotFound: no such upload, job or image.
            Conflict: the earlier job has not made it yet.
            InputTooLarge, InputUndecodable, UnsafeUrl: the image cannot be taken.
        """
        if isinstance(request, Refinement) and request.latents is not None:
            with _pointing_at("/latents"):
                return request, (self._latents(request, request.latents),)
        if isinstance(request, Refinement | Variation) and request.image is not None:
            with _pointing_at(_pointer(request.image)):
                source, artifact = self._image(request.image, job_id)
            return request.model_copy(update={"image": source}), (artifact,)
        return request, ()

    def find(self, request: JobRequest) -> tuple[Artifact, ...]:
        """What the first stage of `request` would read and the store has already. Fetches and stores nothing.

        Raises:
            NotFound, Conflict, InputTooLarge, InputUndecodable, UnsafeUrl: as `bring`, as far as this can be told.
        """
        if isinstance(request, Refinement) and request.latents is not None:
            with _pointing_at("/latents"):
                return (self._latents(request, request.latents),)
        if not isinstance(request, Refinement | Variation) or request.image is None:
            return ()
        with _pointing_at(_pointer(request.image)):
            return tuple(self._found(request.image))

    def _found(self, source: ImageSource) -> Iterator[Artifact]:
        if source.url is not None:
            self._check(source.url)
        if source.data_uri is not None:
            self._uploads.check(len(decode_data_uri(source.data_uri)))
        if source.job is not None:
            yield self._made(source.job)
        if source.upload_id is not None:
            yield self._uploads.get(source.upload_id)

    def _image(self, source: ImageSource, job_id: str) -> tuple[ImageSource, Artifact]:
        if source.job is not None:
            return source, self._made(source.job)
        if source.upload_id is not None:
            return source, self._uploads.get(source.upload_id)
        # a data URI is pixels and a URL may hold a secret: the record names an upload instead, one with the job's id
        data = self._fetch(source.url) if source.url is not None else decode_data_uri(source.data_uri or "")
        upload = self._uploads.put(data, job_id)
        return ImageSource(upload_id=upload_id(upload)), upload

    def _made(self, wanted: JobImage) -> Artifact:
        job = self._earlier(wanted, ArtifactKind.IMAGE)
        image = job.image(wanted.index)
        if image is None:
            raise _lack(job, f"image {wanted.index}")
        return image

    def _earlier(self, wanted: JobImage, kind: ArtifactKind) -> Job:
        """However often something is read again, in the end the store's own rules remove it: refuse it before."""
        job = self._find(wanted.job_id)
        if job.completed_at is not None and self._retention.is_over(kind, job.completed_at, datetime.now(UTC)):
            raise NotFound(f"The {kind} of job {wanted.job_id} are no longer kept.")
        return job

    def _latents(self, request: Refinement, wanted: JobImage) -> Artifact:
        job = self._earlier(wanted, ArtifactKind.LATENTS)
        kept = {made.index: made for made in job.made(ArtifactKind.LATENTS, StageName.SDXL_BASE)}
        if wanted.index not in kept:
            raise _lack(job, f"latents {wanted.index}")
        check_continues(request, job)
        return kept[wanted.index]


def _pointer(source: ImageSource) -> str:
    """The field of a request that says where its image comes from."""
    return next(f"/image/{name}" for name in type(source).model_fields if getattr(source, name) is not None)


@contextmanager
def _pointing_at(pointer: str) -> Iterator[None]:
    """What cannot be taken inside is told of the field at `pointer`."""
    try:
        yield
    except PermanentError as error:
        error.problems = error.problems or (FieldProblem(pointer, error.detail),)
        raise


def comes_from_outside(request: JobRequest) -> bool:
    """Whether the image of a request must be brought into the store first."""
    image = request.image if isinstance(request, Refinement | Variation) else None
    return image is not None and (image.url or image.data_uri) is not None


def _lack(job: Job, what: str) -> LatentRelayError:
    """A job that has ended makes nothing more: what it lacks was never made, or is no longer kept."""
    if job.status.is_terminal:
        return NotFound(f"Job {job.id} has no {what}, or no longer.")
    return Conflict(f"Job {job.id} has no {what} yet.")


def check_continues(request: Refinement, job: Job) -> None:
    """Refuse a refine mode, or values of it, that the latents of `job` cannot be continued with.

    Raises:
        Contradiction: it names the field.
    """
    if not isinstance(job.request, TextToImage):
        return
    stopped = job.request.refine.mode is RefineMode.ENSEMBLE
    mode = RefineMode.ENSEMBLE if stopped else RefineMode.IMG2IMG
    if request.refine.mode not in (None, mode):
        raise Contradiction.at("refine.mode", f"must be {mode} for these latents, got {request.refine.mode}")
    if stopped and request.refine.switch_at not in (None, job.request.refine.switch_at):
        switch_at = job.request.refine.switch_at
        raise Contradiction.at("refine.switch_at", f"must be {switch_at}, where these latents stop")
    if stopped and request.scheduler not in (None, job.request.scheduler):
        raise Contradiction.at("scheduler", f"must be {job.request.scheduler}, which began these latents")
    unread = ("strength", "num_inference_steps") if stopped else ("switch_at",)
    for name in unread:
        if getattr(request.refine, name) != Continue.model_fields[name].default:
            raise Contradiction.at(f"refine.{name}", f"has no effect on latents that are continued by {mode}")


def decode_data_uri(uri: str) -> bytes:
    """The bytes of a base64 data URI.

    Raises:
        InputUndecodable: it is none, or not of an image.
        InputTooLarge: it holds more than 10 MB.
    """
    head, comma, body = uri.partition(",")
    if not comma or not re.fullmatch(r"data:image/(png|jpeg|webp);base64", head):
        raise InputUndecodable("The data URI must begin with data:image/png;base64, (or jpeg, or webp).")
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise InputUndecodable("The data URI is not base64.") from None
    if len(data) > MAX_DATA_URI:
        raise InputTooLarge(f"The data URI holds {len(data)} bytes; at most {MAX_DATA_URI} are allowed.")
    return data
