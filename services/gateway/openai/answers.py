"""Jobs as OpenAI tells of images: one answer, or events in a stream. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from latentrelay.contracts import Artifact, ImageFormat, Job, Kind, Progress, Told
from services.gateway.openai.parameters import Parameters
from services.gateway.sse import frame

LINK_SECONDS = 3600
EVENTS: Mapping[Kind, str] = {Kind.TEXT_TO_IMAGE: "image_generation", Kind.REFINEMENT: "image_edit"}
NO_TOKENS = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "total_tokens": 0,
}
"""No tokens are counted here, and OpenAI's client expects them in the last event."""


class OpenAIImage(Told):
    """One image: a link to it, or the file itself."""

    url: str | None = None
    b64_json: str | None = None
    seed: int | None = None
    """Alone with this seed, it would be drawn again."""


class OpenAIImages(Told):
    """The images of a call."""

    created: int
    """Unix seconds."""
    data: tuple[OpenAIImage, ...]
    output_format: ImageFormat
    quality: Literal["low", "medium", "high"]
    background: Literal["opaque"]
    size: str | None = None
    """WIDTHxHEIGHT in pixels."""


class OpenAIModel(Told):
    """A model that may be named."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenAIModels(Told):
    """All models that may be named."""

    object: Literal["list"]
    data: tuple[OpenAIModel, ...]


def images_answer(job: Job, parameters: Parameters, data: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer that brings `data`, the images of `job`."""
    created = int(job.created_at.timestamp())
    size = _size(job)
    return {"created": created, "data": list(data), **_drawn(job, parameters), **({"size": size} if size else {})}


def link_told(image: Artifact, url: str) -> dict[str, Any]:
    """An image by its link."""
    return {"url": url, "seed": image.seed}


def file_told(image: Artifact, data: bytes) -> dict[str, Any]:
    """An image by its bytes."""
    return {"b64_json": base64.b64encode(data).decode(), "seed": image.seed}


def partial_event(job: Job, parameters: Parameters, index: int, picture: bytes) -> bytes:
    """A picture of what is being drawn: a small JPEG, whatever the images will be."""
    told = {"partial_image_index": index, "output_format": ImageFormat.JPEG}
    return _event(job, parameters, "partial_image", picture, told)


def completed_event(job: Job, parameters: Parameters, data: bytes) -> bytes:
    """An image that is done."""
    return _event(job, parameters, "completed", data, {"usage": NO_TOKENS})


def error_event(answer: Mapping[str, Any]) -> bytes:
    """Why the stream ends without its images."""
    return frame("error", json.dumps(answer))


def is_due(progress: Progress | None, sent: int, wanted: int) -> bool:
    """Whether it is time for another picture of what is being drawn: `wanted` of them cut the drawing evenly."""
    if progress is None or progress.preview is None or sent >= wanted:
        return False
    return progress.step * (wanted + 1) >= progress.steps * (sent + 1)


def _event(job: Job, parameters: Parameters, what: str, data: bytes, more: Mapping[str, Any]) -> bytes:
    name = f"{EVENTS[job.kind]}.{what}"
    told = {
        "type": name,
        "b64_json": base64.b64encode(data).decode(),
        "created_at": int(job.created_at.timestamp()),
        "size": _size(job) or parameters.size or "auto",
        **_drawn(job, parameters),
    }
    return frame(name, json.dumps({**told, **more}))


def _drawn(job: Job, parameters: Parameters) -> dict[str, Any]:
    return {
        "output_format": job.request.output.format,
        "quality": parameters.told_quality,
        "background": "opaque",
    }


def _size(job: Job) -> str | None:
    image = job.image()
    return f"{image.width}x{image.height}" if image and image.width and image.height else None
