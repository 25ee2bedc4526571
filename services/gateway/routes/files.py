"""Images by links that were signed here: whoever has one needs no key."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from latentrelay.contracts import Artifact
from latentrelay.errors import NotFound
from services.gateway.access import gateway_of, problems_documented
from services.gateway.gateway import Gateway
from services.gateway.routes.images import FILE, IfNoneMatch, file_of

router = APIRouter(prefix="/v1/files", tags=["jobs"])

Token = Annotated[str, Path(description="What the link was made with: the image, its time, and a signature.")]


@router.get("/{token}", response_class=Response, responses={**FILE, **problems_documented(404, 503)})
async def linked_file(request: Request, token: Token, if_none_match: IfNoneMatch = "") -> Response:
    """An image by the link that an answer of OpenAI's API brought; no key is needed. It holds for an hour."""
    gateway = gateway_of(request)
    gateway.stalls.check()  # before it takes a thread
    try:
        image, name = await run_in_threadpool(_linked, gateway, token)
        return await file_of(request, image, name, if_none_match)
    except NotFound:
        raise NotFound("There is no such link, its time is over, or its image is gone.") from None


def _linked(gateway: Gateway, token: str) -> tuple[Artifact, str]:
    """The image that a link leads to, and the name of its file."""
    with gateway.stalls.watched():
        linked = gateway.signed_links.read(token, time.time())
    if linked is None:
        raise NotFound
    image = gateway.client.image(linked.job_id, linked.index, linked.role)
    return image, f"{linked.job_id}-{linked.index}-{linked.role}"
