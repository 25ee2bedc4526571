"""What a call of OpenAI's asks for, in our own words. Pure.

What our contract knows by its own name may stand beside OpenAI's parameters (`extra_body` of its client), and has the
last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latentrelay.contracts import ImageSource, Kind, Refinement, TextToImage, Variation, parse_request
from latentrelay.contracts.refine import Continue
from latentrelay.errors import FieldProblem, InvalidRequest
from services.gateway.openai.models import model_for
from services.gateway.openai.parameters import Parameters, names_of
from services.gateway.parameters import with_key

Fields = dict[str, Any]

NOT_HERE = ("kind", "image", "latents")
"""What the route says, and the file of a form."""
LIFTED = tuple(name for name in Continue.model_fields if name not in {*Refinement.model_fields, "mode"})
"""Fields of `refine` that an edit may name without it: it is nothing but a refinement."""
NO_UPLOAD_YET = {"upload_id": "none"}
"""In place of the image of a form, until that is uploaded."""


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
    theirs = {name: value for name, value in fields.items() if name in names_of(kind)}
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
    sides = dict(zip(("width", "height"), parameters.sides, strict=False))
    return {"num_images_per_prompt": parameters.n, "num_inference_steps": parameters.steps, **sides}


def _edited(parameters: Parameters) -> Fields:
    if parameters.n not in (None, 1):
        raise InvalidRequest.at("n", f"must be 1: an edit makes one image of one, got {parameters.n}")
    if parameters.size not in (None, "auto"):
        raise InvalidRequest.at("size", f"must be auto: an edit has the size of its image, got {parameters.size}")
    return {"refine": {"num_inference_steps": parameters.steps}}


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


def _present(fields: Mapping[str, Any]) -> Fields:
    nested = {name: _present(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return {name: value for name, value in nested.items() if value is not None and value != {}}


def _as_named(problem: FieldProblem, kind: Kind, ours: Fields) -> FieldProblem:
    """A problem of a field of ours, told of the parameter that it came from."""
    field = problem.pointer.removeprefix("/refine/")
    if kind is Kind.REFINEMENT and field in LIFTED and field in ours:
        return FieldProblem(f"/{field}", problem.detail)
    return problem
