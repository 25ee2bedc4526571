"""The frozen model every contract is made of, and the ranges that several of them share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from latentrelay.errors import InvalidRequest

SEEDS = 2**53  # every seed is exact in a JavaScript number
MAX_PIXELS = 4_000_000
MAX_DATA_URI = 10 * 1024 * 1024

Size = Annotated[int, Field(ge=64, le=2048, multiple_of=8)]
Pair = tuple[Annotated[int, Field(ge=0, le=16384)], Annotated[int, Field(ge=0, le=16384)]]
Steps = Annotated[int, Field(ge=1, le=150)]
Guidance = Annotated[float, Field(ge=0, le=30)]
Score = Annotated[float, Field(ge=0, le=10)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Short = Annotated[str, Field(min_length=1, max_length=255)]


class Contract(BaseModel):
    """A frozen model that crosses a process boundary."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class Told(Contract):
    """A contract that readers accept with the unknown fields of a later minor version."""

    model_config = ConfigDict(extra="ignore")


def few_enough_pixels(width: int | None, height: int | None) -> None:
    """Refuse a picture of more than `MAX_PIXELS`."""
    if width and height and width * height > MAX_PIXELS:
        raise InvalidRequest.at("width", f"times height must be at most {MAX_PIXELS} pixels, got {width * height}")
