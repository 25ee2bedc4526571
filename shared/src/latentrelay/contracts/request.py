"""What may be asked: one of three requests, told apart by `kind`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError

from latentrelay.contracts.explain import explain
from latentrelay.contracts.job_request import JobRequest
from latentrelay.contracts.refinement import Refinement
from latentrelay.contracts.text_to_image import TextToImage
from latentrelay.contracts.variation import Variation
from latentrelay.contracts.words import Kind, RefineMode
from latentrelay.errors import Contradiction, InvalidRequest

Request = Annotated[TextToImage | Variation | Refinement, Field(discriminator="kind")]
SHARED_STEPS = 2  # one for the base, one for the refiner
_BY_KIND: dict[Any, type[TextToImage | Variation | Refinement]] = {
    Kind.TEXT_TO_IMAGE: TextToImage,
    Kind.VARIATION: Variation,
    Kind.REFINEMENT: Refinement,
}


def parse_request(data: Any) -> TextToImage | Variation | Refinement:
    """The request in `data` (a decoded JSON object).

    Raises:
        InvalidRequest: a field is wrong; it names each one, its range and what came.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _BY_KIND:
        raise InvalidRequest.at("kind", f"must be one of {', '.join(Kind)}, got {kind!r:.40}")
    model = _BY_KIND[kind]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise explain(error, model) from None


def check_submission(request: JobRequest, now: datetime) -> None:
    """Refuse what was a request, or may be one in an old record, and would only fail if it were submitted now.

    Raises:
        Contradiction: the deadline is not in the future, or base and refiner have not a step each.
    """
    if request.deadline is not None and request.deadline <= now:
        raise Contradiction.at("deadline", "must be in the future")
    if not isinstance(request, TextToImage) or request.refine.mode is not RefineMode.ENSEMBLE:
        return
    if (steps := request.num_inference_steps) < SHARED_STEPS:
        told = f"must be at least {SHARED_STEPS} where base and refiner share them (refine.mode ensemble), got {steps}"
        raise Contradiction.at("num_inference_steps", told)
