"""A job's images and previews."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from latentrelay.contracts import Artifact, ImageFormat, Role
from latentrelay.settings import Links
from services.gateway.access import Reader, documented, gateway_of
from services.gateway.bounds.store_threads import store_threads_of
from services.gateway.parameters import JobId
from services.gateway.streaming import Streamed

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LINK_SECONDS = 300

PICTURE = {"schema": {"type": "string", "format": "binary"}}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {image.media_type: PICTURE for image in ImageFormat}},
    304: {"description": "It is the one that `If-None-Match` names."},
}
LINK: dict[int | str, dict[str, Any]] = {302: {"description": "A link to the file, which holds for 5 minutes."}}
IfNoneMatch = Annotated[str, Header()]


@router.get("/{job_id}/images/{index}", response_class=Response, responses={**FILE, **LINK, **documented(404, 409)})
async def image(
    *,
    request: Request,
    caller: Reader,
    job_id: JobId,
    index: Annotated[int, Path(ge=0, le=7)],
    role: Role = Role.FINAL,
    download: Literal["inline"] | None = None,
    if_none_match: IfNoneMatch = "",
) -> Response:
    """One image of a job: a redirect to a link that holds for 5 minutes, or the file itself.

    The file also comes where the setting `links` says that clients cannot reach the store.
    """
    settings = gateway_of(request).settings
    found = await run_in_threadpool(caller.client.image, job_id, index, role)
    if download is None and settings.links is Links.STORE:
        link = caller.client.link(found, LINK_SECONDS)
        return RedirectResponse(link, 302, headers={"Cache-Control": "no-store"})
    return await file_of(request, found, f"{job_id}-{index}-{role}", if_none_match)


@router.get(
    "/{job_id}/preview",
    response_class=Response,
    responses={
        200: {"description": "A small picture.", "content": {"image/jpeg": PICTURE}},
        204: {"description": "There is none yet, or no longer."},
        **documented(404),
    },
)
def preview(caller: Reader, job_id: JobId) -> Response:
    """A small picture of what a job is drawing right now."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    picture = caller.client.preview(job_id)
    if picture is None:
        return Response(status_code=204, headers=headers)
    return Response(picture, media_type="image/jpeg", headers=headers)


async def file_of(request: Request, image: Artifact, name: str, if_none_match: str) -> Response:
    """The file of `image`, or that it is the one that the reader has.

    Raises:
        NotFound: the store has lost it.
        StorageUnavailable: the store does not answer as it should.
    """
    headers, gateway, threads = headers_of(image, name), gateway_of(request), store_threads_of(request)
    if headers["ETag"] in if_none_match or if_none_match.strip() == "*":
        return Response(status_code=304, headers=headers)
    pieces = threads.pieces(await threads.run(gateway.client.stream, image))
    length, patience = {"Content-Length": str(image.bytes)}, gateway.settings.reader_seconds
    return Streamed(pieces, patience=patience, media_type=image.media_type, headers=headers | length)


def headers_of(image: Artifact, name: str) -> dict[str, str]:
    """What is told of a file; a browser shows it as the picture that it is, and nothing else."""
    ending = image.media_type.partition("/")[2]
    return {
        "ETag": f'"{image.sha256}"',
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{name}.{ending}"',
    }
