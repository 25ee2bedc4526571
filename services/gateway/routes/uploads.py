"""Images that come from outside, streamed: to a file while they come, and from it to the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from latentrelay.errors import InputTooLarge, InvalidRequest
from latentrelay.uploads import upload_id
from services.gateway.access import Submitter, documented, gateway_of
from services.gateway.views import UploadView

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

IN_MEMORY = 256 * 1024  # bytes of an upload, before it goes to disk
AT_ONCE = 4  # uploads that are sent on, each in memory for so long
RAW = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
FORM = "multipart/form-data"

FILE = {"type": "string", "format": "binary", "minLength": 1}
FORM_SCHEMA = {"type": "object", "required": ["file"], "properties": {"file": FILE}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {FORM: {"schema": FORM_SCHEMA}} | {kind: {"schema": FILE} for kind in RAW},
    }
}


@router.post("", status_code=201, response_model=UploadView, responses=documented(408), openapi_extra=BODY)
async def upload(request: Request, caller: Submitter) -> Response:
    """Store an image file (PNG, JPEG, WebP), sent as it is or in a form; it is decoded when a job reads it."""
    limit = gateway_of(request).settings.max_input_bytes
    async with sent(request, limit) as file:
        stored = await to_thread.run_sync(caller.client.upload_file, file, limiter=request.app.state.sending)
    told = UploadView(upload_id=upload_id(stored), bytes=stored.bytes, sha256=stored.sha256)
    return JSONResponse(told.model_dump(mode="json"), 201)


@asynccontextmanager
async def sent(request: Request, limit: int) -> AsyncIterator[BinaryIO]:
    """The file that a request brings, raw or in a form; it is gone after the block.

    Raises:
        InvalidRequest: it brings none, or more than one, or something else.
        InputTooLarge: it has more than `limit` bytes.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        async with request.form(max_files=1) as form:
            files = [part for part in form.values() if isinstance(part, UploadFile)]
            if not files:
                raise InvalidRequest.at("file", "is required: a part with a filename")
            yield files[0].file
    elif kind in RAW:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            spooled = cast("BinaryIO", file)
            await _spool(request, spooled, limit)
            yield spooled
    else:
        raise InvalidRequest(f"Content-Type must be {FORM}, or one of {', '.join(RAW)}.")


async def _spool(request: Request, file: BinaryIO, limit: int) -> None:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise InputTooLarge(f"The file is larger than {limit} bytes.")
        file.write(piece)  # into the page cache; a thread's turn would cost more
