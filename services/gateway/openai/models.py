"""The names by which OpenAI's clients choose what draws. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from latentrelay.contracts import Kind, RefineMode
from latentrelay.errors import InvalidRequest, NotFound


class ModelNotFound(NotFound):
    """There is no such model here."""


@dataclass(frozen=True)
class Model:
    """A name, and what it stands for."""

    kind: Kind
    published: int
    """When its weights were, in Unix seconds: what OpenAI calls `created`."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What it says of a request."""


SDXL_PUBLISHED = 1_690_329_600  # 26 July 2023
UNCLIP_PUBLISHED = 1_679_616_000  # 24 March 2023

MODELS: Mapping[str, Model] = {
    "sdxl": Model(Kind.TEXT_TO_IMAGE, SDXL_PUBLISHED),
    "sdxl-base": Model(Kind.TEXT_TO_IMAGE, SDXL_PUBLISHED, {"refine": {"mode": RefineMode.NONE}}),
    "sdxl-refiner": Model(Kind.REFINEMENT, SDXL_PUBLISHED),
    "stable-unclip": Model(Kind.VARIATION, UNCLIP_PUBLISHED),
}
"""The first of a kind is what draws where no model is named."""


def model_named(name: str) -> Model:
    """The model of that name.

    Raises:
        ModelNotFound: there is none.
    """
    if name not in MODELS:
        raise ModelNotFound(f"There is no model {name!r:.80} here; there are {', '.join(MODELS)}.")
    return MODELS[name]


def models_for(kind: Kind) -> tuple[str, ...]:
    """The names of the models that draw a job of `kind`."""
    return tuple(name for name, model in MODELS.items() if model.kind is kind)


def model_for(kind: Kind, name: str | None) -> Model:
    """The model that draws a job of `kind`.

    Raises:
        ModelNotFound: there is none of that name.
        InvalidRequest: it draws something else.
    """
    fitting = models_for(kind)
    model = model_named(fitting[0] if name is None else name)
    if model.kind is not kind:
        raise InvalidRequest.at("model", f"must be one of {', '.join(fitting)} here, got {name}")
    return model


def model_told(name: str) -> dict[str, Any]:
    """A model as OpenAI tells of it.

    Raises:
        ModelNotFound: there is none of that name.
    """
    return {"id": name, "object": "model", "created": model_named(name).published, "owned_by": "latentrelay"}
