"""OpenAI's routes: each makes a job and waits for it."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from latentrelay.contracts import Kind
from latentrelay.uploads import upload_id
from services.gateway.access import Caller, Reader, Submitter
from services.gateway.body import json_body
from services.gateway.openai.answers import OpenAIImages, OpenAIModel, OpenAIModels
from services.gateway.openai.asked import asked
from services.gateway.openai.drawing import Call
from services.gateway.openai.errors import OpenAIErrorAnswer, OpenAIRoute
from services.gateway.openai.forms import form_of
from services.gateway.openai.models import MODELS, model_told
from services.gateway.openai.schema import events_document, form_document, form_schema, json_document
from services.gateway.parameters import IdempotencyKey

router = APIRouter(prefix="/v1", tags=["openai"], route_class=OpenAIRoute)


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with, for its document: every route's own, beside `codes`."""
    every = {400, 401, 403, 429, 503, *codes}
    return {code: {"description": "An error.", "model": OpenAIErrorAnswer} for code in sorted(every)}


DRAWING = documented(404, 408, 409, 413, 422, 500, 504)


@router.post(
    "/images/generations",
    response_model=OpenAIImages,
    responses={**DRAWING, 200: events_document(Kind.TEXT_TO_IMAGE)},
    openapi_extra=json_document(Kind.TEXT_TO_IMAGE),
)
async def generations(request: Request, caller: Submitter, idempotency_key: IdempotencyKey = None) -> Response:
    """Draw images of a text, by SDXL: base and refiner, or the base alone."""
    found = await json_body(request, lambda body: asked(Kind.TEXT_TO_IMAGE, body, idempotency_key))
    return await Call(request, caller.client, found).answer()


@router.post(
    "/images/variations",
    response_model=OpenAIImages,
    responses=DRAWING,
    openapi_extra=form_document(Kind.VARIATION),
)
async def variations(request: Request, caller: Submitter, idempotency_key: IdempotencyKey = None) -> Response:
    """Draw variations of an image, by Stable unCLIP."""
    return await (await _read(Kind.VARIATION, request, caller, idempotency_key)).answer()


@router.post(
    "/images/edits",
    response_model=OpenAIImages,
    responses={**DRAWING, 200: events_document(Kind.REFINEMENT)},
    openapi_extra=form_document(Kind.REFINEMENT),
)
async def edits(request: Request, caller: Submitter, idempotency_key: IdempotencyKey = None) -> Response:
    """Draw an image again, by SDXL's refiner: `strength` says how much of it."""
    return await (await _read(Kind.REFINEMENT, request, caller, idempotency_key)).answer()


@router.get("/models", response_model=OpenAIModels, responses=documented())
def models(_: Reader) -> Response:
    """The models that a call may name."""
    return JSONResponse({"object": "list", "data": [model_told(name) for name in MODELS]})


@router.get("/models/{model}", response_model=OpenAIModel, responses=documented(404))
def model(_: Reader, model: str) -> Response:
    """One of them."""
    return JSONResponse(model_told(model))


async def _read(kind: Kind, request: Request, caller: Caller, idempotency_key: str | None) -> Call:
    """The call that a form makes, its image uploaded; nothing is, unless all else is right."""
    async with form_of(request, form_schema(kind)) as form:
        found = asked(kind, form.fields, idempotency_key)
        key, few = found.request.idempotency_key, request.app.state.sending
        stored = await to_thread.run_sync(caller.client.upload_file, form.file, key, limiter=few)
    return Call(request, caller.client, found.reading(upload_id(stored)), upload_id(stored))
