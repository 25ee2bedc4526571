"""What may be asked: one of three requests, told apart by `kind`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from latentrelay.contracts.job_request import JobRequest
from latentrelay.contracts.refinement import Refinement
from latentrelay.contracts.text_to_image import TextToImage
from latentrelay.contracts.variation import Variation
from latentrelay.contracts.words import Kind
from latentrelay.errors import FieldProblem, InvalidRequest

Request = Annotated[TextToImage | Variation | Refinement, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[TextToImage | Variation | Refinement] = TypeAdapter(Request)


def parse_request(data: Any) -> TextToImage | Variation | Refinement:
    """The request in `data` (a decoded JSON object).

    Raises:
        InvalidRequest: a field is wrong; it names each one, its range and what came.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in list(Kind):
        raise InvalidRequest([FieldProblem("/kind", f"must be one of {', '.join(Kind)}")])
    return _ADAPTER.validate_python(data)


def check_deadline(request: JobRequest, now: datetime) -> None:
    """Refuse a deadline that has passed already.

    Raises:
        InvalidRequest: the deadline is not in the future.
    """
    if request.deadline is not None and request.deadline <= now:
        raise InvalidRequest.at("deadline", "must be in the future")
