"""OpenAI's parameters, and what they ask for in our own words. Pure.

What our contract knows by its own name may stand beside them (`extra_body` of OpenAI's client), and has the last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from latentrelay.contracts import (
    Contract,
    ImageFormat,
    ImageSource,
    Kind,
    Refinement,
    TextToImage,
    Variation,
    parse_request,
)
from latentrelay.contracts.refine import Continue
from latentrelay.errors import Contradiction, FieldProblem, InvalidRequest
from services.gateway.openai.models import model_for
from services.gateway.parameters import with_key

Fields = dict[str, Any]

STEPS = {"low": 15, "medium": 30, "standard": 30, "high": 50, "hd": 50}
TOLD_QUALITY = {"low": "low", "high": "high", "hd": "high"}
"""What answers call a quality; every other is medium."""
NOT_HERE = ("kind", "image", "latents")
"""What the route says, and the file of a form."""
LIFTED = tuple(name for name in Continue.model_fields if name not in {*Refinement.model_fields, "mode"})
"""Fields of `refine` that an edit may name without it: it is nothing but a refinement."""
NO_UPLOAD_YET = {"upload_id": "none"}
"""In place of the image of a form, until that is uploaded."""


class Parameters(Contract):
    """What OpenAI's calls have, beside the prompt; null is absent."""

    model: str | None = Field(None, max_length=255)
    """sdxl, sdxl-base, sdxl-refiner or stable-unclip; absent: the one that is made for this."""
    n: int | None = Field(None, strict=True, ge=1, le=8)
    """How many images; absent: 1."""
    size: str | None = Field(None, pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")
    """WIDTHxHEIGHT in pixels; auto: the model's own."""
    quality: Literal["auto", "low", "medium", "standard", "high", "hd"] | None = None
    """Steps: low 15, medium and standard 30, high and hd 50; auto: as many as our own API takes."""
    response_format: Literal["url", "b64_json"] | None = None
    """Absent: url, a link that holds for an hour."""
    output_format: ImageFormat | None = None
    """The encoding of the image files; absent: png."""
    output_compression: int | None = Field(None, strict=True, ge=0, le=100)
    """The quality of jpeg and webp; absent: 95."""
    background: Literal["auto", "opaque"] | None = None
    """Nothing transparent is drawn here."""
    moderation: Literal["auto", "low"] | None = None
    """Read, and without effect: nothing is moderated here."""
    user: str | None = Field(None, max_length=255)
    """Becomes the job's `client_reference`."""
    safety_identifier: str | None = Field(None, max_length=255)
    """As `user`, and before it."""
    stream: StrictBool | None = None
    """Answer with events, as the images come about."""
    partial_images: int | None = Field(None, strict=True, ge=0, le=3)
    """At most so many pictures of what is being drawn, in a stream."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.partial_images and not self.stream:
            raise Contradiction.at("partial_images", "needs stream")
        if self.stream and self.response_format == "url":
            raise Contradiction.at("response_format", "must be b64_json in a stream, whose events carry the images")
        return self

    @property
    def told_quality(self) -> str:
        """The quality as answers tell it."""
        return TOLD_QUALITY.get(self.quality or "", "medium")


@dataclass(frozen=True)
class Asked:
    """What a call of OpenAI's asks for."""

    parameters: Parameters
    request: TextToImage | Variation | Refinement
    """Of a form, without its file (`reading`)."""

    def reading(self, upload_id: str) -> "Asked":
        """The same, of an image that was uploaded."""
        image = ImageSource(upload_id=upload_id)
        return Asked(self.parameters, self.request.model_copy(update={"image": image}))


def asked(kind: Kind, fields: Mapping[str, Any], idempotency_key: str | None = None) -> Asked:
    """What `fields` ask for: a job of `kind`.

    Raises:
        InvalidRequest: one of them is wrong; it is named as the caller named it.
        ModelNotFound: there is no such model.
    """
    theirs = {name: value for name, value in fields.items() if name in Parameters.model_fields}
    ours = {name: value for name, value in fields.items() if name not in theirs}
    parameters = Parameters(**theirs)
    said = spoken(kind, parameters)
    try:
        return Asked(parameters, parse_request(merged(said, _own(kind, ours, idempotency_key))))
    except InvalidRequest as error:
        raise type(error)([_as_named(problem, kind, ours) for problem in error.problems]) from None


def spoken(kind: Kind, parameters: Parameters) -> Fields:
    """`parameters` in the words of our contract; what is absent is left to it.

    Raises:
        InvalidRequest, ModelNotFound: they ask for what a job of `kind` cannot give.
    """
    compression = parameters.output_compression
    quality = None if compression is None else max(compression, 1)
    said = {
        "kind": kind,
        "client_reference": parameters.safety_identifier or parameters.user or None,
        "output": {"format": parameters.output_format, "quality": quality},
        **(_edited(parameters) if kind is Kind.REFINEMENT else _drawn(parameters)),
    }
    return merged(_present(said), model_for(kind, parameters.model).fields)


def _drawn(parameters: Parameters) -> Fields:
    width, height = _size(parameters.size)
    steps = STEPS.get(parameters.quality or "")
    return {"num_images_per_prompt": parameters.n, "width": width, "height": height, "num_inference_steps": steps}


def _edited(parameters: Parameters) -> Fields:
    if parameters.n not in (None, 1):
        raise InvalidRequest.at("n", f"must be 1: an edit makes one image of one, got {parameters.n}")
    if parameters.size not in (None, "auto"):
        raise InvalidRequest.at("size", f"must be auto: an edit has the size of its image, got {parameters.size}")
    return {"refine": {"num_inference_steps": STEPS.get(parameters.quality or "")}}


def _own(kind: Kind, ours: Fields, idempotency_key: str | None) -> Fields:
    """What was said in our words, and what the route says."""
    for name in NOT_HERE:
        if name in ours:
            raise InvalidRequest.at(name, "is not a field of this request")
    said = with_key(ours, idempotency_key)
    if kind is Kind.TEXT_TO_IMAGE:
        return said
    said["image"] = NO_UPLOAD_YET
    if kind is Kind.VARIATION:
        return said
    lifted = {name: said.pop(name) for name in LIFTED if name in said}
    return merged({"refine": lifted} if lifted else {}, said)


def merged(first: Mapping[str, Any], last: Mapping[str, Any]) -> Fields:
    """Both, an object in both joined; `last` has the last word."""
    joined = {
        name: {**first[name], **value} if isinstance(value, dict) and isinstance(first.get(name), dict) else value
        for name, value in last.items()
    }
    return {**first, **joined}


def _size(size: str | None) -> tuple[int | None, int | None]:
    if size is None or size == "auto":
        return None, None
    width, height = size.split("x")
    return int(width), int(height)


def _present(fields: Mapping[str, Any]) -> Fields:
    nested = {name: _present(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return {name: value for name, value in nested.items() if value is not None and value != {}}


def _as_named(problem: FieldProblem, kind: Kind, ours: Fields) -> FieldProblem:
    """A problem of a field of ours, told of the parameter that it came from."""
    field = problem.pointer.removeprefix("/")
    lifted = field.removeprefix("refine/")
    if field in ("width", "height") and field not in ours:
        return FieldProblem("/size", f"its {field} {problem.detail}")
    if kind is Kind.REFINEMENT and lifted in LIFTED and lifted in ours:
        return FieldProblem(f"/{lifted}", problem.detail)
    return problem
